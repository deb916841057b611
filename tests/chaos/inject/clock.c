/* The wall clock of a process, shifted by the nanoseconds in $SLIPWAY_HOME/chaos/<slot>.clock (a native 64-bit number,
   mapped, so that a jump is seen at once); without one it follows
   world.clock. The monotonic clock is left alone. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t none = 0;
static volatile int64_t *shift = &none;
static int (*real_gettime)(clockid_t, struct timespec *);

static int follow(const char *home, const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/chaos/%s.clock", home, name);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    void *mapped = mmap(NULL, sizeof *shift, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (mapped == MAP_FAILED) return 0;
    shift = mapped;
    return 1;
}

/* Called again by a process that was forked and told its slot only then (sitecustomize.py). */
__attribute__((constructor)) void follow_clock(void) {
    const char *home = getenv("SLIPWAY_HOME"), *slot = getenv("SLIPWAY_SLOT");
    real_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    if (home && !(slot && follow(home, slot))) follow(home, "world");
}

int clock_gettime(clockid_t which, struct timespec *to) {
    if (!real_gettime) real_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    int failed = real_gettime(which, to);
    if (failed || (which != CLOCK_REALTIME && which != CLOCK_REALTIME_COARSE)) return failed;
    int64_t whole = (int64_t)to->tv_sec * 1000000000 + to->tv_nsec + *shift;
    to->tv_sec = whole / 1000000000;
    to->tv_nsec = whole % 1000000000;
    return 0;
}

int gettimeofday(struct timeval *restrict to, void *restrict zone) {
    struct timespec now;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now)) return -1;
    to->tv_sec = now.tv_sec;
    to->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *to) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (to) *to = now.tv_sec;
    return now.tv_sec;
}
