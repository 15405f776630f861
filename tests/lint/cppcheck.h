/* SPDX-License-Identifier: Apache-2.0 */
/* For cppcheck, which is given no system headers: macros of theirs that are no calls. */
#define ElfW(type) Elf64_##type
