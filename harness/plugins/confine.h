/* confine.h - what a process gives up before it runs a plugin's code.
 *
 * A benchmark's numbers must come from the data it was given: no network, and no looking into other
 * processes, where the labels are. Like the hidden labels this keeps honest strategies honest, and
 * mistakes from doing harm; it is no security boundary, for files stay readable. */
#ifndef FB_CONFINE_H
#define FB_CONFINE_H

/* From now on, for this process and all that it starts: no new privileges (a set-uid program gets
 * none); socket, connect, bind, listen, accept and io_uring_setup fail with EPERM (sockets that are
 * open go on), and so do ptrace, process_vm_readv and process_vm_writev. Where the system has no
 * such filters, or flipbench was built without libseccomp, nothing is given up but privileges. */
void confine_process(void);

/* What confine_process does here, for the facts of a run. */
const char *confine_summary(void);

#endif
