/* message.h - framed, checksummed messages between the supervisor, the zygote and the cells.
 *
 * A frame is 16 bytes of header (magic, payload length, CRC-32 of the payload, zero) and a JSON
 * object as payload, whose member "type" says what it is. Doubles are written with 17 digits and
 * read back exactly. One frame may carry a file descriptor. A frame with a wrong magic, length or
 * checksum is an error: the sender is then treated as crashed. */
#ifndef FB_MESSAGE_H
#define FB_MESSAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

/* Sends a message and keeps nothing; steals the reference to `message`. Blocks until it is written.
 * `fd`
 * (-1: none) is passed along. FB_EIO when the other side is gone. */
int message_send(int socket, json_t *message, int fd, fb_error *err);

/* Waits for one message. `*ret_fd` is a descriptor that came along, or -1 (ret_fd may be NULL when
 * none is expected). At the end of the stream FB_ENOENT. *ret_message is a new reference. */
int message_receive(int socket, json_t **ret_message, int *ret_fd, fb_error *err);

/* A stream of frames that is read as bytes arrive, without waiting. Zeroed is empty. */
typedef struct message_reader {
    uint8_t *bytes;
    size_t used, capacity;
} message_reader;

/* Reads what is there. *ret_end is set when the other side has closed. */
int message_fill(message_reader *reader, int socket, bool *ret_end, fb_error *err);

/* Takes the next complete message out of the reader; *ret_message is NULL when there is none yet.
 */
int message_next(message_reader *reader, json_t **ret_message, fb_error *err);

void message_reader_finish(message_reader *reader);

#endif
