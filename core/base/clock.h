/* clock.h - the monotonic clock. */
#ifndef FB_CLOCK_H
#define FB_CLOCK_H

/* Seconds since some fixed moment; never goes back, whatever happens to the time of day. */
double fb_clock_seconds(void);

#endif
