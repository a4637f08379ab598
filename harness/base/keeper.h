/* The keeper: a forked subreaper between us and a child. Private to base.
 * It sleeps in poll until the child ends or the life pipe closes, then kills every descendant, also
 * stopped ones and those that left the group or the session, and exits. It uses only system calls:
 * it is the copy of a program in an unknown state. */
#ifndef RIDGE_BASE_KEEPER_H
#define RIDGE_BASE_KEEPER_H

#include "base/os.h"

struct ridge_keeper_report { /* written on report_fd: one STARTED, or FAILED when there is no child
                              */
    enum { RIDGE_KEEPER_STARTED, RIDGE_KEEPER_FAILED } kind;
    int value; /* pid of the child, or errno */
};
struct ridge_keeper_args {
    const struct ridge_spawn *spec;
    int in_fd, out_fd, err_fd; /* the child's ends */
    int life_fd;               /* closes when we are gone or want it to end */
    int status_fd, report_fd;
};
_Noreturn void ridge_keeper_main(const struct ridge_keeper_args *args);
#endif
