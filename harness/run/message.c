/* MSG_CMSG_CLOEXEC is Linux. */
#define _GNU_SOURCE
#include "message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include <zlib.h>

#include "alloc.h"
#include "json_text.h"

enum { HEADER_BYTES = 16, MAGIC = 0x314d4246 /* "FBM1" */, PAYLOAD_LIMIT = 256 << 20 };

typedef struct header {
    uint32_t magic, length, crc, zero;
} header;

_Static_assert(sizeof(header) == HEADER_BYTES, "the header is 16 bytes");

static uint32_t checksum(const void *payload, size_t length)
{
    return (uint32_t)crc32(0, payload, (uInt)length);
}

/* ---- sending ------------------------------------------------------------------------------- */

/* Writes all bytes; the descriptor goes with the first of them. */
static int send_bytes(int socket, const uint8_t *bytes, size_t count, int fd, fb_error *err)
{
    while (count > 0) {
        struct iovec piece = {(void *)bytes, count};
        struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
        union {
            struct cmsghdr align;
            char bytes[CMSG_SPACE(sizeof(int))];
        } control = {0};
        if (fd >= 0) {
            message.msg_control = control.bytes;
            message.msg_controllen = sizeof control.bytes;
            struct cmsghdr *part = CMSG_FIRSTHDR(&message);
            part->cmsg_level = SOL_SOCKET;
            part->cmsg_type = SCM_RIGHTS;
            part->cmsg_len = CMSG_LEN(sizeof fd);
            memcpy(CMSG_DATA(part), &fd, sizeof fd);
        }
        ssize_t n = sendmsg(socket, &message, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fb_fail(err, FB_EIO, "cannot send a message to another process: %s",
                           strerror(errno));
        bytes += n;
        count -= (size_t)n;
        fd = -1;
    }
    return FB_OK;
}

int message_send(int socket, json_t *message, int fd, fb_error *err)
{
    int rc;
    uint8_t *frame = NULL;
    const size_t flags = JSON_COMPACT | JSON_REAL_PRECISION(17);
    char *payload = message ? json_text_write(message, flags) : NULL;
    size_t length = payload ? strlen(payload) : 0;
    json_decref(message);
    if (!payload) {
        rc = fb_fail(err, FB_ENOMEM, "out of memory while writing a message");
        goto done;
    }
    if (length > PAYLOAD_LIMIT) {
        rc = fb_fail(err, FB_ERANGE, "a message of %zu bytes is over the limit of %d", length,
                     PAYLOAD_LIMIT);
        goto done;
    }
    frame = fb_calloc(HEADER_BYTES + length, 1);
    if (!frame) {
        rc = fb_fail_memory(err, HEADER_BYTES + length, 1, "a message");
        goto done;
    }
    header head = {MAGIC, (uint32_t)length, checksum(payload, length), 0};
    memcpy(frame, &head, sizeof head);
    memcpy(frame + HEADER_BYTES, payload, length);
    rc = send_bytes(socket, frame, HEADER_BYTES + length, fd, err);
done:
    fb_free(frame);
    free(payload);
    return rc;
}

/* ---- receiving ----------------------------------------------------------------------------- */

static int check_header(const header *head, fb_error *err)
{
    if (head->magic != MAGIC || head->length > PAYLOAD_LIMIT || head->zero != 0)
        return fb_fail(err, FB_EFORMAT, "another process sent bytes that are not a message");
    return FB_OK;
}

static int parse_payload(const header *head, const char *payload, json_t **ret_message,
                         fb_error *err)
{
    if (checksum(payload, head->length) != head->crc)
        return fb_fail(err, FB_EFORMAT, "a message from another process has a wrong checksum");
    json_t *message = NULL;
    int rc = json_text_read(payload, head->length, &message, err);
    if (rc)
        return rc;
    if (!json_is_object(message)) {
        json_decref(message);
        return fb_fail(err, FB_EFORMAT, "a message from another process is not a JSON object");
    }
    *ret_message = message;
    return FB_OK;
}

/* Reads exactly `count` bytes; FB_ENOENT when the stream ends before the first of them. */
static int receive_bytes(int socket, uint8_t *bytes, size_t count, int *fd, fb_error *err)
{
    size_t used = 0;
    while (used < count) {
        struct iovec piece = {bytes + used, count - used};
        union {
            struct cmsghdr align;
            char bytes[CMSG_SPACE(sizeof(int))];
        } control = {0};
        struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof control.bytes;
        ssize_t n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fb_fail(err, FB_EIO, "cannot receive a message: %s", strerror(errno));
        if (n == 0)
            return fb_fail(err, used ? FB_EFORMAT : FB_ENOENT,
                           "the other process closed the connection");
        struct cmsghdr *part = CMSG_FIRSTHDR(&message);
        if (part && part->cmsg_type == SCM_RIGHTS && fd)
            memcpy(fd, CMSG_DATA(part), sizeof *fd);
        used += (size_t)n;
    }
    return FB_OK;
}

int message_receive(int socket, json_t **ret_message, int *ret_fd, fb_error *err)
{
    header head;
    int fd = -1;
    char *payload = NULL;
    int rc = receive_bytes(socket, (uint8_t *)&head, sizeof head, &fd, err);
    if (!rc)
        rc = check_header(&head, err);
    if (rc)
        goto done;
    payload = fb_calloc((size_t)head.length + 1, 1);
    if (!payload) {
        rc = fb_fail_memory(err, (size_t)head.length + 1, 1, "a message");
        goto done;
    }
    rc = receive_bytes(socket, (uint8_t *)payload, head.length, NULL, err);
    if (!rc)
        rc = parse_payload(&head, payload, ret_message, err);
done:
    if (!rc && ret_fd)
        *ret_fd = fd;
    else if (fd >= 0)
        close(fd);
    fb_free(payload);
    return rc;
}

int message_fill(message_reader *reader, int socket, bool *ret_end, fb_error *err)
{
    enum { PIECE = 1 << 16 };
    if (reader->capacity - reader->used < PIECE) {
        size_t capacity = reader->capacity * 2 + PIECE;
        uint8_t *grown = fb_grow(reader->bytes, reader->used, capacity, 1);
        if (!grown)
            return fb_fail_memory(err, capacity, 1, "messages");
        reader->bytes = grown;
        reader->capacity = capacity;
    }
    ssize_t n =
        recv(socket, reader->bytes + reader->used, reader->capacity - reader->used, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return FB_OK;
    if (n <= 0)
        *ret_end = true; /* a reset connection is an end like any other */
    else
        reader->used += (size_t)n;
    return FB_OK;
}

int message_next(message_reader *reader, json_t **ret_message, fb_error *err)
{
    *ret_message = NULL;
    if (reader->used < HEADER_BYTES)
        return FB_OK;
    header head;
    memcpy(&head, reader->bytes, sizeof head);
    int rc = check_header(&head, err);
    size_t whole = HEADER_BYTES + (size_t)head.length;
    if (rc || reader->used < whole)
        return rc;
    rc = parse_payload(&head, (const char *)reader->bytes + HEADER_BYTES, ret_message, err);
    memmove(reader->bytes, reader->bytes + whole, reader->used - whole);
    reader->used -= whole;
    return rc;
}

void message_reader_finish(message_reader *reader)
{
    if (!reader)
        return;
    fb_free(reader->bytes);
    *reader = (message_reader){0};
}
