/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The libraries of a newer CUDA that an image brings for older drivers, and what NVIDIA's note in
 * them says. Bounded reads of regular files of one folder, by fd, in root.
 */
#ifndef OCI_COMPAT_H
#define OCI_COMPAT_H

#include "base/err.h"
#include "model/image.h"

#define COMPAT_DIR           "/usr/local/cuda/compat"
#define COMPAT_DIR_ORIN      "/usr/local/cuda/compat_orin"
#define COMPAT_MAX_NAMES     4096u /* of the folder that are read */
#define COMPAT_MAX_LIBRARIES 64u
#define COMPAT_MAX_NOTE      16384u /* bytes of the note's section */

/** *ret.dir stays NULL where the folder is not there, or has no libcuda. Never fails on account of
 *  what the image holds; *ret is the caller's, image_compat_done(). */
int compat_read(int rootfd, const char *dir, struct image_compat *ret, struct err *err);

/** What the text of the note, JSON, says. -EINVAL: not that. */
int compat_parse_note(const char *text, size_t len, struct image_compat *ret, struct err *err);

#endif
