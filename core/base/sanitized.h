/* sanitized.h - whether this is built with the address sanitizer, which reserves terabytes of
 * address space and has an allocator of its own. */
#ifndef FB_SANITIZED_H
#define FB_SANITIZED_H

#if defined(__SANITIZE_ADDRESS__)
#define HAS_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ADDRESS_SANITIZER 1
#endif
#endif
#ifndef HAS_ADDRESS_SANITIZER
#define HAS_ADDRESS_SANITIZER 0
#endif

#endif
