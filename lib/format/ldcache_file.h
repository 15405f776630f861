/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layout of the loader's cache file. Numbers have the byte order of the machine, here always the
 * least significant byte first; offsets in entries count from the new header, in a file with an old
 * table too; those of the extension block and in its list of glibc-hwcaps from the file's start.
 * (ldconfig of 2.36, made to write an old table, counts that list from the new header, which no
 * reader does, and writes more old entries than it makes room for: nobody has such files.)
 * Source: glibc's sysdeps/generic/dl-cache.h; files of ldconfig 2.31, 2.36 and 2.41.
 */
#ifndef FORMAT_LDCACHE_FILE_H
#define FORMAT_LDCACHE_FILE_H

/* char magic[11], pad, u32 n; then n times i32 flags, u32 key, u32 value */
#define LDCACHE_FILE_OLD_MAGIC  "ld.so-1.7.0"
#define LDCACHE_FILE_OLD_HEADER 16u
#define LDCACHE_FILE_OLD_ENTRY  12u

/* char magic[20], u32 n, u32 length of the strings, u8 byte order, 3 pad, u32 offset of the
 * extension block or 0, 12 unused; then n times i32 flags, u32 key, u32 value, u32 osversion,
 * u64 hwcap; then the strings */
#define LDCACHE_FILE_MAGIC  "glibc-ld.so.cache1.1"
#define LDCACHE_FILE_HEADER 48u
#define LDCACHE_FILE_ENTRY  24u

/* The low bits of the byte that tells the byte order; 0 = the writer does not say. */
#define LDCACHE_FILE_ENDIAN_MASK   3u
#define LDCACHE_FILE_ENDIAN_LITTLE 2u

/* u32 magic, u32 n; then n times u32 tag, u32 flags, u32 offset, u32 size */
#define LDCACHE_FILE_EXT_MAGIC   0xeaa42174u
#define LDCACHE_FILE_EXT_HEADER  8u
#define LDCACHE_FILE_EXT_SECTION 16u
#define LDCACHE_FILE_EXT_ALIGN   4u
#define LDCACHE_FILE_EXT_MAX     64u /* sections */
#define LDCACHE_FILE_GENERATOR   0u  /* text without a final NUL */
#define LDCACHE_FILE_HWCAPS      1u  /* u32 offsets of names */

/* hwcap of an entry of a glibc-hwcaps directory: bit 62, ISA level in bits 32 to 41, and in the low
 * half which name of the list it is. */
#define LDCACHE_FILE_HWCAP_KIND      0xfffffc00u /* of the high half */
#define LDCACHE_FILE_HWCAP_EXTENSION 0x40000000u /* of the high half */
#define LDCACHE_FILE_HWCAP_ISA       0x3ffu

#endif
