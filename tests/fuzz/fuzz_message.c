/* Messages from another process, by both readers of frames, and what a cell says about a round.
 *
 * The first byte says what the rest is: frames as they are, or the payload of one frame. Without
 * that the checksum would keep nearly every input from the JSON behind it. */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include "alloc.h"
#include "fuzz.h"
#include "fuzz_json.h"
#include "message.h"
#include "round_message.h"

enum { SAMPLES = 100, LABELED = 10, STATE = 2, ROUND = 1 };
enum { HEADER = 16, MAX_SIZE = 1 << 16 /* what a socket takes without a reader */ };

static void read_round(const json_t *message)
{
    static uint32_t labels[SAMPLES];
    const data_part train = {.count = SAMPLES, .labels = labels};
    for (size_t state = 0; state <= STATE; state += STATE) {
        struct round_message read = {0};
        fb_error err = {0};
        int rc = round_message_read(message, ROUND, LABELED, &train, state, &read, &err);
        if (fuzz_status(rc, &err))
            for (size_t i = 0; i < read.round.query_count; i++)
                FB_CHECK(read.round.queries[i].sample < SAMPLES);
        round_message_finish(&read);
    }
}

/* The blocking reader, then the other one on the same bytes: they agree on every message. */
static void read_stream(const uint8_t *bytes, size_t count)
{
    int pair[2];
    bool end = false;
    message_reader reader = {0};
    fb_error err = {0};
    json_t *first = NULL, *second = NULL;
    FB_CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    FB_CHECK(send(pair[0], bytes, count, MSG_NOSIGNAL) == (ssize_t)count);
    close(pair[0]);
    reader.bytes = fb_memdup(bytes, count, 1);
    reader.used = reader.capacity = reader.bytes ? count : 0;
    if (!reader.bytes)
        fuzz_short();
    while (reader.bytes) {
        int rc = message_next(&reader, &second, &err);
        fuzz_status(rc, &err);
        int blocking = message_receive(pair[1], &first, NULL, &err);
        if (!fuzz_status(blocking, &err))
            break;
        FB_CHECK(fuzz_starved || (rc == FB_OK && second && json_equal(first, second)));
        fuzz_note_json(first);
        read_round(first);
        json_decref(first);
        json_decref(second);
    }
    fuzz_status(message_fill(&reader, pair[1], &end, &err), &err);
    json_decref(second);
    message_reader_finish(&reader);
    close(pair[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > MAX_SIZE)
        return 0;
    if (data[0] & 1) {
        read_stream(data + 1, size - 1);
        return 0;
    }
    static uint8_t frame[HEADER + MAX_SIZE];
    size_t length = size - 1;
    uint32_t header[4] = {0x314d4246, (uint32_t)length, (uint32_t)crc32(0, data + 1, (uInt)length)};
    memcpy(frame, header, HEADER);
    memcpy(frame + HEADER, data + 1, length);
    read_stream(frame, HEADER + length);
    return 0;
}
