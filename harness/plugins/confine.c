/* prctl is Linux. */
#define _GNU_SOURCE
#include "confine.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif
#ifdef HAVE_SECCOMP
#include <seccomp.h>
#endif

#ifdef HAVE_SECCOMP

static const int denied[] = {
    SCMP_SYS(socket),   SCMP_SYS(connect), SCMP_SYS(bind),
    SCMP_SYS(listen),   SCMP_SYS(accept),  SCMP_SYS(accept4),
    SCMP_SYS(ptrace),   SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
    SCMP_SYS(io_uring_setup), /* by which a process could have sockets all the same */
};

static void load_filter(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (!filter)
        return;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof denied / sizeof *denied; i++)
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), denied[i], 0);
    /* Kernels before 5.16 slow a filtered process down against attacks within it, which are none
     * of our worry; one that cannot be told so is no reason not to filter. */
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
    if (rc == 0)
        (void)seccomp_load(filter);
    seccomp_release(filter);
}

static bool has_filter(void)
{
    return prctl(PR_GET_SECCOMP) >= 0; /* fails in a kernel that has none */
}

#else

static void load_filter(void)
{
}

static bool has_filter(void)
{
    return false;
}

#endif

void confine_process(void)
{
#ifdef __linux__
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
#endif
    load_filter();
}

const char *confine_summary(void)
{
    return has_filter() ? "no network, no access to other processes (seccomp)" : "none";
}
