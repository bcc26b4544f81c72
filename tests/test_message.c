/* Messages between processes: what goes in comes out, and damage is noticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "message.h"

struct pair {
    int send, receive;
};

static struct pair open_pair(void)
{
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    return (struct pair){ends[0], ends[1]};
}

static void close_pair(struct pair pair)
{
    close(pair.send);
    close(pair.receive);
}

static void doubles_come_back_exactly(void **state)
{
    (void)state;
    const double values[] = {0.1, 1.0 / 3.0, 5e-324, 1.7976931348623157e308, -0.0, 123456789.125};
    struct pair pair = open_pair();
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        json_t *message = NULL;
        fb_error err;
        assert_int_equal(message_send(pair.send, json_pack("{s:f}", "x", values[i]), -1, &err), 0);
        assert_int_equal(message_receive(pair.receive, &message, NULL, &err), 0);
        double back = json_real_value(json_object_get(message, "x"));
        assert_memory_equal(&back, &values[i], sizeof back);
        json_decref(message);
    }
    close_pair(pair);
}

static void a_descriptor_comes_along(void **state)
{
    (void)state;
    struct pair pair = open_pair();
    int pipe_ends[2], fd = -1;
    char text[3] = "";
    json_t *message = NULL;
    assert_int_equal(pipe(pipe_ends), 0);
    assert_int_equal(
        message_send(pair.send, json_pack("{s:s}", "type", "spawn"), pipe_ends[1], NULL), 0);
    close(pipe_ends[1]);
    assert_int_equal(message_receive(pair.receive, &message, &fd, NULL), 0);
    json_decref(message);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "ok", 2), 2);
    assert_int_equal(read(pipe_ends[0], text, 2), 2);
    assert_string_equal(text, "ok");
    close(fd);
    close(pipe_ends[0]);
    close_pair(pair);
}

/* The bytes of one message. */
static size_t frame_of(json_t *message, uint8_t *bytes, size_t size)
{
    struct pair pair = open_pair();
    assert_int_equal(message_send(pair.send, message, -1, NULL), 0);
    ssize_t n = recv(pair.receive, bytes, size, 0);
    assert_true(n > 0);
    close_pair(pair);
    return (size_t)n;
}

static void every_damaged_byte_is_noticed(void **state)
{
    (void)state;
    uint8_t frame[256];
    size_t length =
        frame_of(json_pack("{s:s, s:i}", "type", "round", "round", 3), frame, sizeof frame);
    for (size_t i = 0; i < length; i++) {
        message_reader reader = {0};
        struct pair pair = open_pair();
        json_t *message = NULL;
        fb_error err = {0};
        bool end = false;
        frame[i] ^= 0x10;
        assert_int_equal(send(pair.send, frame, length, 0), length);
        frame[i] ^= 0x10;
        assert_int_equal(message_fill(&reader, pair.receive, &end, &err), 0);
        int rc = message_next(&reader, &message, &err);
        /* A damaged length may wait for more bytes; nothing else may pass. */
        assert_true(rc < 0 || (message == NULL && i >= 4 && i < 8));
        message_reader_finish(&reader);
        close_pair(pair);
    }
}

static void a_stream_is_cut_into_messages(void **state)
{
    (void)state;
    uint8_t bytes[4096];
    size_t length = 0;
    for (int i = 0; i < 5; i++)
        length += frame_of(json_pack("{s:i}", "number", i), bytes + length, sizeof bytes - length);
    message_reader reader = {0};
    struct pair pair = open_pair();
    int next = 0;
    bool end = false;
    for (size_t i = 0; i < length; i++) {
        json_t *message = NULL;
        assert_int_equal(send(pair.send, bytes + i, 1, 0), 1);
        assert_int_equal(message_fill(&reader, pair.receive, &end, NULL), 0);
        assert_int_equal(message_next(&reader, &message, NULL), 0);
        if (!message)
            continue;
        assert_int_equal(json_integer_value(json_object_get(message, "number")), next++);
        json_decref(message);
    }
    assert_int_equal(next, 5);
    assert_false(end);
    close(pair.send);
    assert_int_equal(message_fill(&reader, pair.receive, &end, NULL), 0);
    assert_true(end);
    message_reader_finish(&reader);
    close(pair.receive);
}

static void the_end_of_the_stream_is_told(void **state)
{
    (void)state;
    struct pair pair = open_pair();
    json_t *message = NULL;
    fb_error err = {0};
    close(pair.send);
    assert_int_equal(message_receive(pair.receive, &message, NULL, &err), FB_ENOENT);
    assert_null(message);
    close(pair.receive);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubles_come_back_exactly),
        cmocka_unit_test(a_descriptor_comes_along),
        cmocka_unit_test(every_damaged_byte_is_noticed),
        cmocka_unit_test(a_stream_is_cut_into_messages),
        cmocka_unit_test(the_end_of_the_stream_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
