"""Everything that touches a file, a pipe, a socket or a codec. Their exceptions become SourceError here.

In reading order:

    opening      opens any source as a stream of decoded bytes
    resolve      command-line arguments → sources; names: how they are displayed
    files        regular files, named pipes and standard input
    http/        http and https URLs
    limits       streams on top of streams; limits on size, ratio and time
    codecs       decompression; decoders: one class per codec
    text         encodings and line ends; unreadable: HTML, binary data, UTF-16
    cutter       blocks → chunks of whole lines
    reading      one source from opening to outcome, with detection of its format
"""
