/* Nothing is broken: tries what a cell's process has given up, and records the error numbers. */
/* process_vm_readv and socket are not C; prctl is Linux. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "working.h"

/* 0 when it was allowed. */
static double error_of(long result)
{
    return result < 0 ? errno : 0;
}

static double read_parent(void)
{
    char byte;
    struct iovec here = {&byte, 1}, there = {&byte, 1};
    return error_of(process_vm_readv(getppid(), &here, 1, &there, 1, 0));
}

static int select_offline(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    const fb_host *host = instance;
    int pair[2] = {-1, -1};
    host->record(host, "inet", error_of(socket(AF_INET, SOCK_STREAM, 0)));
    host->record(host, "inet6", error_of(socket(AF_INET6, SOCK_DGRAM, 0)));
    host->record(host, "unix", error_of(socket(AF_UNIX, SOCK_STREAM, 0)));
    host->record(host, "socketpair", error_of(socketpair(AF_UNIX, SOCK_STREAM, 0, pair)));
    host->record(host, "ptrace", error_of(ptrace(PTRACE_PEEKDATA, getppid(), NULL, NULL)));
    host->record(host, "process_vm_readv", read_parent());
    host->record(host, "no_new_privs", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    close(pair[0]);
    close(pair[1]);
    return working_select(instance, round, ret_ids);
}

static const fb_strategy strategy = {
    WORKING("network"),
    .select = select_offline,
};

FB_PLUGIN_ONE(strategy);
