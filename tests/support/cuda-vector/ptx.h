/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel: sum[i] = a[i] + b[i]. As a compiler for NVIDIA's GPUs writes it, for the oldest that
 * a driver of today has; each driver compiles it for the GPU that is there.
 */
#ifndef CUDA_VECTOR_PTX_H
#define CUDA_VECTOR_PTX_H

#define PTX_KERNEL "vector_add"

static const char ptx[] = ".version 6.0\n"
			  ".target sm_50\n"
			  ".address_size 64\n"
			  ".visible .entry vector_add(\n"
			  "	.param .u64 vector_add_param_0,\n"
			  "	.param .u64 vector_add_param_1,\n"
			  "	.param .u64 vector_add_param_2,\n"
			  "	.param .u32 vector_add_param_3\n"
			  ")\n"
			  "{\n"
			  "	.reg .pred %p<2>;\n"
			  "	.reg .b32 %r<6>;\n"
			  "	.reg .f32 %f<4>;\n"
			  "	.reg .b64 %rd<11>;\n"
			  "	mov.u32 %r1, %ctaid.x;\n"
			  "	mov.u32 %r2, %ntid.x;\n"
			  "	mov.u32 %r3, %tid.x;\n"
			  "	ld.param.u32 %r4, [vector_add_param_3];\n"
			  "	mad.lo.s32 %r5, %r1, %r2, %r3;\n"
			  "	setp.ge.u32 %p1, %r5, %r4;\n"
			  "	@%p1 bra LBB0_2;\n"
			  "	ld.param.u64 %rd1, [vector_add_param_0];\n"
			  "	ld.param.u64 %rd2, [vector_add_param_1];\n"
			  "	ld.param.u64 %rd3, [vector_add_param_2];\n"
			  "	cvta.to.global.u64 %rd4, %rd1;\n"
			  "	cvta.to.global.u64 %rd5, %rd2;\n"
			  "	cvta.to.global.u64 %rd6, %rd3;\n"
			  "	mul.wide.u32 %rd7, %r5, 4;\n"
			  "	add.s64 %rd8, %rd4, %rd7;\n"
			  "	add.s64 %rd9, %rd5, %rd7;\n"
			  "	add.s64 %rd10, %rd6, %rd7;\n"
			  "	ld.global.f32 %f1, [%rd8];\n"
			  "	ld.global.f32 %f2, [%rd9];\n"
			  "	add.rn.f32 %f3, %f1, %f2;\n"
			  "	st.global.f32 [%rd10], %f3;\n"
			  "LBB0_2:\n"
			  "	ret;\n"
			  "}\n";

#endif
