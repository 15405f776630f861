/* SPDX-License-Identifier: Apache-2.0 */
#include <nvc/nvc.h>

const char *nvc_version(void)
{
	return NVC_VERSION_TEXT;
}
