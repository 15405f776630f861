/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks at a rootfs by fd: the architecture of its programs and its libc. Bounded reads of regular
 * files inside the root only.
 */
#ifndef OCI_IMAGE_H
#define OCI_IMAGE_H

#include "base/err.h"
#include "model/image.h"

/** Never fails on account of what the image holds: what cannot be found out stays unknown. */
int image_read(int rootfd, struct image *ret, struct err *err);

#endif
