/* The lines of a chunk, cut, checked and encoded in one pass: the compiled twin of ../quotes.py, and ../skeletons.py cuts by it.
 *
 * The exact readers are the definition: tests hold all equal line by line, and this file is fuzzed under AddressSanitizer. A line
 * that is not exactly as its parts say is left out, for them. Nothing is shared between calls, so many threads can work at once,
 * each on a chunk of its own. No byte outside of the line in hand is read. docs/speed.md says why this is C. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PUBLIC __attribute__((visibility("default")))
enum { TIME_BYTES = 28, MOMENT_BYTES = 22, NANO = 1000000000, MOST_DIGITS = 18, FAILED = -1 };
enum { MOST_COLUMNS = 64, FIRST_SLOTS = 1024, PROBES_PER_LINE = 16 };
static const int64_t FIRST_S = -62135596800, LAST_S = 253402300799, NO_DAY = INT64_MIN / 2; /* the years 1 to 9999 */
typedef const uint8_t *Text;

typedef struct {
    Text data;                    /* whole lines: the last byte is a line feed */
    const int32_t *starts, *ends; /* of each line */
    const uint8_t *left;          /* whether to look at a line */
    int64_t lines, columns;       /* how many lines, and columns of text; at most MOST_COLUMNS of these */
    const char *parts;            /* of a line, in order: see `cut` */
    /* The results, with room for all lines. Of each record: its line, time, status and size. */
    int64_t *line, *time, *bytes;
    int32_t *status, *nanos; /* nanos: behind the second of a moment */
    /* Of each column in turn: the code of each record's value; start and end of each distinct value; how many there are. */
    int32_t *codes, (*keys)[2], *distinct;
} Job;

typedef struct { Text text; int32_t length; } Piece;
typedef struct { int64_t time, bytes; int32_t status, nanos; Piece pieces[MOST_COLUMNS]; } Record;
typedef struct { uint8_t day[11], zone[5]; int64_t midnight; } Day; /* `17/May/2015` or `2015-05-17`, `+0000`, and when it begins */
typedef struct { uint32_t hash; int32_t code; } Slot; /* code: that of the value + 1, so that an empty slot is zeros */
typedef struct { Slot *slots; uint32_t size, used; int64_t probes; } Table;

/* A checksum of this file, which the compiler is given: a library made of another version of it is not used. */
PUBLIC uint32_t logproc_source(void) { return SOURCE; }

/* Find where lines start and end, one CR left out. Returns how many there are; those beyond `room` are not written. */
PUBLIC int64_t logproc_lines(Text data, int64_t size, int64_t room, int32_t *starts, int32_t *ends) {
    int64_t count = 0;
    Text at = data, stop = data + size, feed;
    for (; at < stop && (feed = memchr(at, '\n', (size_t)(stop - at))); at = feed + 1, count++)
        if (count < room) {
            starts[count] = (int32_t)(at - data);
            ends[count] = (int32_t)(feed - data) - (feed > at && feed[-1] == '\r');
        }
    return count;
}

/* Return the number that some digits are, FAILED if not all of them are digits. */
static int64_t number(Text text, int64_t length) {
    int64_t found = 0;
    for (int64_t at = 0; at < length; found = found * 10 + text[at++] - '0')
        if ((uint8_t)(text[at] - '0') > 9) return FAILED;
    return found;
}

/* Return when a day begins in UTC, in seconds since 1970; NO_DAY if it does not exist. month: from 0. */
static int64_t midnight(int64_t year, int64_t month, int64_t date) {
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365}; /* days before each month */
    int leap = year % 4 == 0 && (year % 100 || year % 400 == 0);
    if (year < 1 || month < 0 || month > 11 || date < 1) return NO_DAY;
    if (date > before[month + 1] - before[month] + (month == 1 && leap)) return NO_DAY;
    int64_t years = year - 1, days = years * 365 + years / 4 - years / 100 + years / 400; /* since the year 1 began */
    return FIRST_S + (days + before[month] + (month > 1 && leap) + date - 1) * 86400;
}

/* The same for `17/May/2015` in a zone; NO_DAY also if there is no such zone. */
static int64_t midnight_in(Text day, Text zone) {
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int64_t hours = number(zone + 1, 2), minutes = number(zone + 3, 2), month = 0;
    while (month < 12 && memcmp(names + 3 * month, day + 3, 3)) month++;
    if (day[2] != '/' || day[6] != '/') return NO_DAY;
    if ((*zone != '+' && *zone != '-') || hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return NO_DAY;
    return midnight(number(day + 7, 4), month, number(day, 2)) - (*zone == '+' ? 1 : -1) * (hours * 3600 + minutes * 60);
}

/* Return the seconds of `10:05:03` since midnight; FAILED if there are none. */
static int64_t clock_of(Text text) {
    int64_t hour = number(text, 2), minute = number(text + 3, 2), second = number(text + 6, 2);
    if (text[2] != ':' || text[5] != ':') return FAILED;
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return FAILED;
    return hour * 3600 + minute * 60 + second;
}

/* Read `[17/May/2015:10:05:03 +0000]`. Days repeat: the calendar is asked where a day or zone differs from the one before. */
static int read_time(Text text, Day *day, int64_t *time) {
    int64_t clock = clock_of(text + 13);
    if (text[0] != '[' || text[12] != ':' || text[21] != ' ' || text[27] != ']' || clock == FAILED) return 0;
    if (memcmp(day->day, text + 1, 11) || memcmp(day->zone, text + 22, 5)) {
        memcpy(day->day, text + 1, 11);
        memcpy(day->zone, text + 22, 5);
        day->midnight = midnight_in(day->day, day->zone);
    }
    *time = day->midnight + clock;
    return *time >= FIRST_S && *time <= LAST_S;
}

/* Read `"2015-05-17T10:05:03.123Z"`, which may have no fraction. Returns where it ends; NULL for anything else. */
static Text read_moment(Text text, Text end, Day *day, Record *record) {
    if (end - text < MOMENT_BYTES || text[0] != '"' || text[5] != '-' || text[8] != '-' || text[11] != 'T') return NULL;
    int64_t clock = clock_of(text + 12);
    if (memcmp(day->day, text + 1, 10)) {
        memcpy(day->day, text + 1, 10);
        day->midnight = midnight(number(day->day, 4), number(day->day + 5, 2) - 1, number(day->day + 8, 2));
    }
    record->time = day->midnight + clock, record->nanos = 0;
    text += 20;
    if (*text == '.') {
        int32_t unit = NANO / 10;
        if ((uint8_t)(*++text - '0') > 9) return NULL;
        for (; text < end && (uint8_t)(*text - '0') <= 9; text++, unit /= 10) record->nanos += (*text - '0') * unit;
    }
    if (end - text < 2 || text[0] != 'Z' || text[1] != '"' || clock == FAILED || record->time < FIRST_S) return NULL;
    return text + 2;
}

/* Cut one line. Returns whether it is as the parts say; only then is the record complete.
 *
 * ' ' is a blank, t a time in brackets, s a status, b a size or `-`, w a token, q text in quotes; W and Q are columns, too.
 * Of JSON, = is text with its length in front, V a column: a value without quotes, which is not checked, and m a moment in
 * quotes, as RFC 3339 has it, in UTC. */
static int cut(const char *parts, Text at, Text end, Day *day, Record *record) {
    Piece *piece = record->pieces;
    if (memchr(at, '\\', (size_t)(end - at))) return 0;
    for (; *parts; parts++) {
        Text begin = at;
        if (at == end) return 0;
        switch (*parts) {
        case ' ':
            if (*at++ != ' ') return 0;
            break;
        case 't':
            if (end - at < TIME_BYTES || !read_time(at, day, &record->time)) return 0;
            at += TIME_BYTES;
            break;
        case 's':
            if (end - at < 3 || (record->status = (int32_t)number(at, 3)) < 0) return 0;
            at += 3;
            break;
        case 'q': case 'Q':
            if (*at != '"' || !(at = memchr(begin + 1, '"', (size_t)(end - begin - 1)))) return 0;
            if (*parts == 'Q') *piece++ = (Piece){begin + 1, (int32_t)(at - begin - 1)};
            at++;
            break;
        case 'm':
            if (!(at = read_moment(at, end, day, record))) return 0;
            break;
        case '=':
            if (end - at < *++parts || memcmp(at, parts + 1, (size_t)*parts)) return 0;
            at += *parts, parts += *parts;
            break;
        case 'V':
            while (at < end && *at >= '-' && *at <= 'z') at++; /* up to a comma, a blank or a brace */
            *piece++ = (Piece){begin, (int32_t)(at - begin)};
            break;
        default: /* a token, up to white space or a quote */
            while (at < end && (*at > ' ' ? *at != '"' : *at != ' ' && (*at < '\t' || *at > '\r'))) at++;
            if (at == begin) return 0;
            if (*parts == 'W') *piece++ = (Piece){begin, (int32_t)(at - begin)};
            if (*parts != 'b') break;
            record->bytes = at - begin == 1 && *begin == '-' ? 0 : at - begin > MOST_DIGITS ? FAILED : number(begin, at - begin);
            if (record->bytes == FAILED) return 0;
        }
    }
    return at == end;
}

static uint64_t mixed(uint64_t hash, Text text) {
    uint64_t word;
    memcpy(&word, text, sizeof word);
    hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
    return hash ^ hash >> 32;
}

/* Hash eight bytes at a time; the last eight may overlap those before. Whoever makes values collide only brings the twin back. */
static uint32_t hash_of(Piece piece) {
    uint64_t hash = (uint64_t)piece.length;
    uint8_t few[8] = {0};
    Text last = piece.length < 8 ? few : piece.text + piece.length - 8;
    if (piece.length < 8) for (int32_t at = 0; at < piece.length; at++) few[at] = piece.text[at];
    else for (Text at = piece.text; at < last; at += 8) hash = mixed(hash, at);
    return (uint32_t)mixed(hash, last);
}

static int grow(Table *table) {
    uint32_t size = table->size ? table->size * 2 : FIRST_SLOTS, at;
    Slot *slots = calloc(size, sizeof *slots);
    if (!slots) return 0;
    for (uint32_t i = 0; i < table->size; i++) {
        if (!table->slots[i].code) continue;
        for (at = table->slots[i].hash & (size - 1); slots[at].code; at = (at + 1) & (size - 1)) continue;
        slots[at] = table->slots[i];
    }
    free(table->slots);
    table->slots = slots, table->size = size;
    return 1;
}

/* Return the code of a value: how many others came first. FAILED if there is no memory, or too many of these `keys` collide. */
static int32_t code_of(Table *table, Text data, int32_t (*keys)[2], Piece piece) {
    if (table->used * 2 >= table->size && !grow(table)) return FAILED;
    uint32_t hash = hash_of(piece), at = hash & (table->size - 1);
    for (int32_t code; (code = table->slots[at].code - 1) >= 0; at = (at + 1) & (table->size - 1)) {
        if (table->slots[at].hash == hash && keys[code][1] - keys[code][0] == piece.length
            && !memcmp(data + keys[code][0], piece.text, (size_t)piece.length)) return code;
        if (!table->probes--) return FAILED;
    }
    keys[table->used][0] = (int32_t)(piece.text - data);
    keys[table->used][1] = keys[table->used][0] + piece.length;
    table->slots[at] = (Slot){hash, (int32_t)++table->used};
    return (int32_t)table->used - 1;
}

/* Read the lines of a job. Returns how many are records; FAILED if its twin has to read them. */
PUBLIC int64_t logproc_read(const Job *job) {
    Table tables[MOST_COLUMNS] = {{0}};
    Day day = {{0}, {0}, NO_DAY};
    Record record = {0};
    int64_t records = 0;
    int32_t code = 0;
    for (int column = 0; column < job->columns; column++) tables[column].probes = PROBES_PER_LINE * (job->lines + FIRST_SLOTS);
    for (int64_t line = 0; line < job->lines && code != FAILED; line++) {
        Text begin = job->data + job->starts[line], end = job->data + job->ends[line];
        if (!job->left[line] || !cut(job->parts, begin, end, &day, &record)) continue;
        for (int64_t column = 0, first = 0; column < job->columns && code != FAILED; column++, first += job->lines)
            job->codes[first + records] = code = code_of(&tables[column], job->data, job->keys + first, record.pieces[column]);
        job->line[records] = line, job->time[records] = record.time;
        job->status[records] = record.status, job->nanos[records] = record.nanos, job->bytes[records++] = record.bytes;
    }
    for (int column = 0; column < job->columns; column++) {
        job->distinct[column] = (int32_t)tables[column].used;
        free(tables[column].slots);
    }
    return code == FAILED ? FAILED : records;
}
