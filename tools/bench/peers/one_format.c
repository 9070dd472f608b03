/* The limit: one thread of C that knows this one format, and the same seven counts with their sums of bytes.
 *
 * usage: one_format COMBINED_LOG     prints the ten most frequent clients, users, targets, statuses, referrers, user agents, hours
 *
 * Trusts its input: a line that is not Combined ends the run. A yardstick for speed, and no analyzer.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CLIENT, USER, TARGET, STATUS, REFERRER, AGENT, HOUR, TABLES, TOP = 10, BLOCK = 1 << 22 };
static const char *const names[TABLES] = {"client", "user", "target", "status", "referrer", "user_agent", "hour"};

typedef struct { uint64_t hash, count, bytes; const char *key; uint32_t length; } Slot;
typedef struct { Slot *slots; uint64_t size, used; } Table;
static Table tables[TABLES];

static uint64_t hash_of(const char *key, uint32_t length) {
    uint64_t hash = length, word;
    for (; length >= 8; key += 8, length -= 8) {
        memcpy(&word, key, 8);
        hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
        hash ^= hash >> 29;
    }
    word = 0;
    memcpy(&word, key, length);
    hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
    return hash ^ hash >> 32;
}

static void grow(Table *table) {
    Table wide = {NULL, table->size ? table->size * 4 : 1024, table->used};
    if (!(wide.slots = calloc(wide.size, sizeof(Slot)))) exit(3);
    for (uint64_t i = 0; i < table->size; i++) {
        uint64_t at = table->slots[i].hash & (wide.size - 1);
        if (!table->slots[i].count) continue;
        while (wide.slots[at].count) at = (at + 1) & (wide.size - 1);
        wide.slots[at] = table->slots[i];
    }
    free(table->slots);
    *table = wide;
}

static void count(Table *table, const char *key, const char *end, uint64_t bytes) {
    uint32_t length = (uint32_t)(end - key);
    uint64_t hash = hash_of(key, length);
    if (table->used * 2 >= table->size) grow(table);
    Slot *slot = &table->slots[hash & (table->size - 1)], *last = table->slots + table->size;
    while (slot->count && (slot->hash != hash || slot->length != length || memcmp(slot->key, key, length)))
        if (++slot == last) slot = table->slots;
    if (!slot->count) {
        char *copy = malloc(length + 1);
        *slot = (Slot){hash, 0, 0, memcpy(copy, key, length), length};
        table->used++;
    }
    slot->count++;
    slot->bytes += bytes;
}

static const char *to(const char *from, char mark, const char *end) {
    const char *found = memchr(from, mark, (size_t)(end - from));
    if (!found) { fprintf(stderr, "not a Combined line: %.*s\n", (int)(end - from), from); exit(1); }
    return found;
}

static void one_line(const char *line, const char *end) {
    const char *client = to(line, ' ', end), *user = to(client + 1, ' ', end) + 1, *user_end = to(user, ' ', end);
    const char *time = user_end + 2, *request = to(time, '"', end) + 1, *target = to(request, ' ', end) + 1;
    const char *target_end = to(target, ' ', end), *status = to(target_end, '"', end) + 2;
    const char *size = status + 4, *referrer = to(size, '"', end) + 1, *referrer_end = to(referrer, '"', end);
    const char *agent = referrer_end + 3;
    uint64_t bytes = 0;
    for (; *size >= '0' && *size <= '9'; size++) bytes = bytes * 10 + (uint64_t)(*size - '0');
    count(&tables[CLIENT], line, client, bytes);
    count(&tables[USER], user, user_end, bytes);
    count(&tables[TARGET], target, target_end, bytes);
    count(&tables[STATUS], status, status + 3, bytes);
    count(&tables[REFERRER], referrer, referrer_end, bytes);
    count(&tables[AGENT], agent, to(agent, '"', end), bytes);
    count(&tables[HOUR], time, time + 14, bytes);
}

static int by_count(const void *a, const void *b) {
    const Slot *left = a, *right = b;
    return (left->count < right->count) - (left->count > right->count);
}

int main(int argc, char **argv) {
    char *buffer = malloc(2 * BLOCK);
    size_t kept = 0;
    ssize_t got;
    int file = argc == 2 ? open(argv[1], O_RDONLY) : -1;
    if (file < 0 || !buffer) return 2;
    while ((got = read(file, buffer + kept, BLOCK)) > 0) {
        char *line = buffer, *end = buffer + kept + got, *next;
        for (; (next = memchr(line, '\n', (size_t)(end - line))); line = next + 1) one_line(line, next);
        kept = (size_t)(end - line);
        if (kept > BLOCK) return 1;
        memmove(buffer, line, kept);
    }
    for (int i = 0; i < TABLES; i++) {
        qsort(tables[i].slots, tables[i].size, sizeof(Slot), by_count);
        for (uint64_t at = 0; at < TOP && at < tables[i].used; at++)
            printf("%s\t%.*s\t%llu\t%llu\n", names[i], (int)tables[i].slots[at].length, tables[i].slots[at].key,
                   (unsigned long long)tables[i].slots[at].count, (unsigned long long)tables[i].slots[at].bytes);
    }
    return 0;
}
