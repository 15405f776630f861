/* SPDX-License-Identifier: Apache-2.0 */
#include <elf.h>
#include <errno.h>
#include <stdlib.h>

#include "base/auto.h"
#include "base/str.h"
#include "board/file.h"
#include "stand.h"

#define PROC "/proc/driver/nvidia"

static const char params[] = "ResmanDebugLevel: 4294967295\n"
			     "RmLogonRC: 1\n"
			     "ModifyDeviceFiles: 1\n"
			     "DeviceFileUID: 0\n"
			     "DeviceFileGID: 0\n"
			     "DeviceFileMode: 438\n"
			     "InitializeSystemMemoryAllocations: 1\n"
			     "UsePageAttributeTable: 4294967295\n"
			     "EnableMSI: 1\n"
			     "EnablePCIeGen3: 0\n"
			     "MemoryPoolSize: 0\n"
			     "KMallocHeapMaxSize: 0\n"
			     "VMallocHeapMaxSize: 0\n"
			     "IgnoreMMIOCheck: 0\n"
			     "EnableStreamMemOPs: 0\n"
			     "EnableUserNUMAManagement: 1\n"
			     "NvLinkDisable: 0\n"
			     "RmProfilingAdminOnly: 1\n"
			     "PreserveVideoMemoryAllocations: 0\n"
			     "EnableS0ixPowerManagement: 0\n"
			     "S0ixPowerManagementVideoMemoryThreshold: 256\n"
			     "DynamicPowerManagement: 3\n"
			     "DynamicPowerManagementVideoMemoryThreshold: 200\n"
			     "RegisterPCIDriver: 1\n"
			     "EnablePCIERelaxedOrderingMode: 0\n"
			     "EnableResizableBar: 0\n"
			     "EnableGpuFirmware: 18\n"
			     "EnableGpuFirmwareLogs: 2\n"
			     "RmNvlinkBandwidthLinkCount: 0\n"
			     "EnableDbgBreakpoint: 0\n"
			     "OpenRmEnableUnsupportedGpus: 1\n"
			     "DmaRemapPeerMmio: 1\n"
			     "ImexChannelCount: 2048\n"
			     "CreateImexChannel0: 0\n"
			     "RegistryDwords: \"\"\n"
			     "RegistryDwordsPerDevice: \"\"\n"
			     "RmMsg: \"\"\n"
			     "GpuBlacklist: \"\"\n"
			     "TemporaryFilePath: \"\"\n"
			     "ExcludedGpus: \"\"\n";

static int write_driver(struct stand *stand, struct err *err)
{
	const char *arch = stand->machine == EM_AARCH64 ? "aarch64" : "x86_64";
	const char *when = stand->open_kernel ? "  Release Build  (builder@machine)  "
						"Tue Mar  5 22:15:33 UTC 2024"
					      : "  Tue Mar  5 22:23:56 UTC 2024";

	if (stand_text(stand, PROC "/version", err,
		       "NVRM version: NVIDIA UNIX %s%s%sKernel Module%s%s  %s%s\n"
		       "GCC version:  gcc version 12.2.0 (Debian 12.2.0-14) \n",
		       stand->open_kernel ? "" : arch, stand->open_kernel ? "" : " ",
		       stand->open_kernel ? "Open " : "", stand->open_kernel ? " for " : "",
		       stand->open_kernel ? arch : "", stand->version, when) < 0 ||
	    stand_text(stand, PROC "/params", err, "%s", params) < 0 ||
	    stand_text(stand, PROC "/registry", err, "Binary: \"\"\n") < 0)
		return -EIO;
	return stand_text(stand, "/sys/module/nvidia/version", err, "%s\n", stand->version);
}

static int write_gpu(struct stand *stand, unsigned i, struct err *err)
{
	auto_free char *path = str_format(PROC "/gpus/0000:%02x:00.0/information", STAND_BUS(i));
	auto_free char *registry = str_format(PROC "/gpus/0000:%02x:00.0/registry", STAND_BUS(i));
	auto_free char *uuid =
		stand->bare_uuid ? str_format("GPU-\?\?\?\?\?\?\?\?-\?\?\?\?-\?\?\?\?-\?\?\?\?-"
					      "\?\?\?\?\?\?\?\?\?\?\?\?")
				 : str_format("GPU-%08x-1111-2222-3333-444444444444", i);

	if (path == NULL || registry == NULL || uuid == NULL)
		return err_nomem(err);
	if (stand_text(stand, path, err,
		       "Model: \t\t %s\n"
		       "IRQ:   \t\t %u\n"
		       "GPU UUID: \t %s\n"
		       "Video BIOS: \t %s\n"
		       "Bus Type: \t PCIe\n"
		       "DMA Size: \t 52 bits\n"
		       "DMA Mask: \t 0xfffffffffffff\n"
		       "Bus Location: \t 0000:%02x:00.0\n"
		       "Device Minor: \t %u\n"
		       "GPU Firmware: \t %s\n"
		       "GPU Excluded:\t No\n",
		       stand->model, 40 + i, uuid,
		       stand->bare_uuid ? "\?\?.\?\?.\?\?.\?\?.\?\?" : "96.00.68.00.01",
		       STAND_BUS(i), stand->minors[i], stand->version) < 0)
		return -EIO;
	return stand_text(stand, registry, err, "Binary: \"\"\n");
}

static int write_cap(struct stand *stand, const char *path, unsigned minor, unsigned mode,
		     struct err *err)
{
	if (path == NULL)
		return err_nomem(err);
	return stand_text(stand, path, err,
			  "DeviceFileMinor: %u\nDeviceFileMode: %u\nDeviceFileModify: 1\n", minor,
			  mode);
}

/* All that the driver could have, whatever the machine has: 32 GPUs. */
static int write_minors(struct stand *stand, struct err *err)
{
	struct strbuf text = {0};
	auto_free char *all = NULL;

	strbuf_adds(&text, "config 1\nmonitor 2\n");
	for (unsigned gpu = 0; gpu < 32; gpu++) {
		for (unsigned gi = 0; gi < 15; gi++) {
			strbuf_addf(&text, "gpu%u/gi%u/access %u\n", gpu, gi,
				    stand_mig_minor(gpu, gi, -1));
			for (int ci = 0; ci < 8; ci++)
				strbuf_addf(&text, "gpu%u/gi%u/ci%d/access %u\n", gpu, gi, ci,
					    stand_mig_minor(gpu, gi, ci));
		}
	}
	all = strbuf_take(&text);
	if (all == NULL)
		return err_nomem(err);
	return stand_text(stand, "/proc/driver/nvidia-caps/mig-minors", err, "%s", all);
}

static int write_mig(struct stand *stand, struct err *err)
{
	for (unsigned i = 0; i < STAND_MIGS; i++) {
		unsigned gpu = stand->minors[0], gi = stand_mig_gi[i];
		auto_free char *of_gi =
			str_format(PROC "/capabilities/gpu%u/mig/gi%u/access", gpu, gi);
		auto_free char *of_ci =
			str_format(PROC "/capabilities/gpu%u/mig/gi%u/ci0/access", gpu, gi);

		if (write_cap(stand, of_gi, stand_mig_minor(gpu, gi, -1), 0444, err) < 0 ||
		    write_cap(stand, of_ci, stand_mig_minor(gpu, gi, 0), 0444, err) < 0)
			return -EIO;
	}
	return 0;
}

static int write_caps(struct stand *stand, struct err *err)
{
	if (write_cap(stand, PROC "/capabilities/mig/config", 1, 0400, err) < 0 ||
	    write_cap(stand, PROC "/capabilities/mig/monitor", 2, 0444, err) < 0 ||
	    write_minors(stand, err) < 0)
		return -EIO;
	return stand->mig ? write_mig(stand, err) : 0;
}

/* The lines that a real machine has besides, and in their order: by number. */
static int write_kernel(struct stand *stand, struct err *err)
{
	static const char modules[] =
		"nvidia_uvm 4956160 0 - Live 0xffffffffc1a00000 (POE)\n"
		"nvidia_drm 122880 0 - Live 0xffffffffc0d00000 (POE)\n"
		"nvidia_modeset 1355776 1 nvidia_drm, Live 0xffffffffc0b00000 (POE)\n"
		"nvidia 54251520 2 nvidia_uvm,nvidia_modeset, Live 0xffffffffc2000000 (POE)\n";
	auto_free char *gates = str_format("%3u gdrdrv\n%3u nvidia-fs0\n%3u nvidia-nvswitch\n",
					   MAJOR_GDRDRV, MAJOR_FS, MAJOR_NVSWITCH);

	if (gates == NULL)
		return err_nomem(err);
	if (stand_text(stand, "/proc/modules", err, "%s", modules) < 0 ||
	    stand_text(stand, "/proc/sys/kernel/random/boot_id", err,
		       "2f0cbf4e-6a3e-4c1e-9d1b-5b0c7a1f6d11\n") < 0)
		return -EIO;
	return stand_text(stand, "/proc/devices", err,
			  "Character devices:\n  1 mem\n  4 tty\n  5 /dev/tty\n 10 misc\n"
			  "195 nvidia\n195 nvidia-modeset\n195 nvidiactl\n226 drm\n"
			  "231 infiniband_verbs\n%s%3u nvidia-nvlink\n"
			  "%3u nvidia-caps-imex-channels\n%3u nvidia-caps\n%3u nvidia-uvm\n"
			  "\nBlock devices:\n  7 loop\n259 blkext\n",
			  stand->gates ? gates : "", MAJOR_NVLINK, MAJOR_CHANNELS, MAJOR_CAPS,
			  MAJOR_UVM);
}

/* What the stand-ins of the driver's libraries answer: see support/nvml/standin.h. */
static int write_answers(struct stand *stand, struct err *err)
{
	struct strbuf text = {0};
	auto_free char *all = NULL;

	strbuf_addf(&text, "driver %s\ncuda %s\n", stand->version,
		    strtoul(stand->version, NULL, 10) >= 550 ? "12.4" : "11.4");
	for (unsigned i = 0; i < stand->gpus; i++)
		strbuf_addf(&text,
			    "gpu minor=%u busid=00000000:%02X:00.0 "
			    "uuid=GPU-%08x-1111-2222-3333-444444444444 brand=14 compute=9.0 "
			    "mig=%s name=%s\n",
			    stand->minors[i], STAND_BUS(i), i,
			    !stand->mig ? "none"
			    : i == 0    ? "on"
					: "off",
			    stand->model);
	for (unsigned i = 0; stand->mig && i < STAND_MIGS; i++)
		strbuf_addf(&text,
			    "mig gpu=0 index=%u gi=%u ci=0 "
			    "uuid=MIG-%08x-5555-6666-7777-888888888888\n",
			    i, stand_mig_gi[i], i);
	if (stand->facts != NULL)
		strbuf_addf(&text, "%s\n", stand->facts);
	all = strbuf_take(&text);
	return all == NULL ? err_nomem(err)
			   : stand_text(stand, "/etc/stand-in-nvml", err, "%s", all);
}

int stand_write_proc(struct stand *stand, struct err *err)
{
	if (write_answers(stand, err) < 0)
		return -EIO;
	if (stand_text(stand, "/proc/misc", err, "121 rdma_cm\n125 dxg\n200 tun\n") < 0)
		return -EIO;
	if (stand->layout == LAYOUT_WSL) /* Windows has the driver */
		return stand_text(stand, "/proc/devices", err,
				  "Character devices:\n  1 mem\n 10 misc\n\nBlock devices:\n");
	if (write_driver(stand, err) < 0 || write_kernel(stand, err) < 0)
		return -EIO;
	for (unsigned i = 0; i < stand->gpus; i++)
		if (write_gpu(stand, i, err) < 0)
			return -EIO;
	return write_caps(stand, err);
}
