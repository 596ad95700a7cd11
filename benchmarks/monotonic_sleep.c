/* Sleeps by the kernel's own monotonic clock where libfaketime cannot.
 *
 * libfaketime 0.9.10, told to leave the monotonic clock alone, still takes its offset from the end of a sleep that is
 * bounded by that clock, and the kernel refuses what remains (EINVAL).  Python's time.sleep sleeps in just that way.
 * Preloaded before libfaketime by benchmarks/elsewhen.py.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *until, struct timespec *left) {
    if (clock == CLOCK_MONOTONIC)
        return syscall(SYS_clock_nanosleep, clock, flags, until, left) == 0 ? 0 : errno;
    int (*next)(clockid_t, int, const struct timespec *, struct timespec *) =
        (int (*)(clockid_t, int, const struct timespec *, struct timespec *))dlsym(RTLD_NEXT, "clock_nanosleep");
    return next(clock, flags, until, left);
}
