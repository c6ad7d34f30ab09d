#pragma once
// oneDNN 2.6 and later. Version 3 removed the operation descriptors and made memory descriptors
// opaque; the functions below hide the difference, so that Swift sees one set of names.
// Compiled with 2.6, 3.1 and 3.7.
#include <dlfcn.h>
#include <oneapi/dnnl/dnnl.h>
#include <stdlib.h>
#include <string.h>

// A memory descriptor on the heap, owned by the caller.
#if DNNL_VERSION_MAJOR >= 3
typedef dnnl_memory_desc_t ac_dnnl_md;
typedef const_dnnl_memory_desc_t ac_dnnl_const_md;
typedef const_dnnl_primitive_desc_t ac_dnnl_const_pd;
#else
typedef dnnl_memory_desc_t *ac_dnnl_md;
typedef const dnnl_memory_desc_t *ac_dnnl_const_md;
typedef const_dnnl_primitive_desc_t ac_dnnl_const_pd;
#endif

// Up to this many spatial axes are passed on.
enum { ac_dnnl_max_axes = 12 };

// strides in elements; NULL lets the primitive choose the layout ("any").
static inline dnnl_status_t ac_dnnl_md_create(ac_dnnl_md *md, int ndims, const int64_t *dims,
                                              dnnl_data_type_t type, const int64_t *strides) {
  dnnl_dims_t d, s;
  if (ndims < 1 || ndims > ac_dnnl_max_axes) return dnnl_invalid_arguments;
  for (int i = 0; i < ndims; i++) {
    d[i] = dims[i];
    s[i] = strides ? strides[i] : 0;
  }
#if DNNL_VERSION_MAJOR >= 3
  return strides ? dnnl_memory_desc_create_with_strides(md, ndims, d, type, s)
                 : dnnl_memory_desc_create_with_tag(md, ndims, d, type, dnnl_format_tag_any);
#else
  dnnl_memory_desc_t *heap = (dnnl_memory_desc_t *)malloc(sizeof *heap);
  if (!heap) return dnnl_out_of_memory;
  dnnl_status_t status =
      strides ? dnnl_memory_desc_init_by_strides(heap, ndims, d, type, s)
              : dnnl_memory_desc_init_by_tag(heap, ndims, d, type, dnnl_format_tag_any);
  if (status != dnnl_success) {
    free(heap);
    return status;
  }
  *md = heap;
  return dnnl_success;
#endif
}

static inline dnnl_status_t ac_dnnl_md_clone(ac_dnnl_md *md, ac_dnnl_const_md from) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_memory_desc_clone(md, from);
#else
  dnnl_memory_desc_t *heap = (dnnl_memory_desc_t *)malloc(sizeof *heap);
  if (!heap) return dnnl_out_of_memory;
  memcpy(heap, from, sizeof *heap);
  *md = heap;
  return dnnl_success;
#endif
}

static inline void ac_dnnl_md_destroy(ac_dnnl_md md) {
#if DNNL_VERSION_MAJOR >= 3
  dnnl_memory_desc_destroy(md);
#else
  free(md);
#endif
}

static inline size_t ac_dnnl_md_size(ac_dnnl_const_md md) { return dnnl_memory_desc_get_size(md); }

static inline dnnl_data_type_t ac_dnnl_md_type(ac_dnnl_const_md md) {
#if DNNL_VERSION_MAJOR >= 3
  dnnl_data_type_t type = dnnl_data_type_undef;
  dnnl_memory_desc_query(md, dnnl_query_data_type, &type);
  return type;
#else
  return md->data_type;
#endif
}

static inline int ac_dnnl_md_equal(ac_dnnl_const_md a, ac_dnnl_const_md b) {
  return dnnl_memory_desc_equal(a, b);
}

static inline dnnl_status_t ac_dnnl_md_query(ac_dnnl_const_pd pd, dnnl_query_t what, int index,
                                             ac_dnnl_md *md) {
  ac_dnnl_const_md found = dnnl_primitive_desc_query_md(pd, what, index);
  return found ? ac_dnnl_md_clone(md, found) : dnnl_invalid_arguments;
}

static inline dnnl_status_t ac_dnnl_append_eltwise(dnnl_post_ops_t ops, dnnl_alg_kind_t kind,
                                                   float alpha, float beta) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_post_ops_append_eltwise(ops, kind, alpha, beta);
#else
  return dnnl_post_ops_append_eltwise(ops, 1.0f, kind, alpha, beta);
#endif
}

// Adds scale × what the result's memory holds, read as `type`; undef takes the result's own type.
static inline dnnl_status_t ac_dnnl_append_sum(dnnl_post_ops_t ops, float scale,
                                               dnnl_data_type_t type) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_post_ops_append_sum(ops, scale, 0, type);
#else
  return dnnl_post_ops_append_sum_v2(ops, scale, type);
#endif
}

static inline dnnl_status_t ac_dnnl_append_binary(dnnl_post_ops_t ops, dnnl_alg_kind_t kind,
                                                  ac_dnnl_const_md source) {
  return dnnl_post_ops_append_binary(ops, kind, source);
}

// An attribute that takes post operations (may be NULL) and a scratchpad from the caller.
static inline dnnl_status_t ac_dnnl_attr_create(dnnl_primitive_attr_t *attr, dnnl_post_ops_t ops) {
  dnnl_status_t status = dnnl_primitive_attr_create(attr);
  if (status != dnnl_success) return status;
  status = dnnl_primitive_attr_set_scratchpad_mode(*attr, dnnl_scratchpad_mode_user);
  if (status == dnnl_success && ops) status = dnnl_primitive_attr_set_post_ops(*attr, ops);
  if (status != dnnl_success) dnnl_primitive_attr_destroy(*attr);
  return status;
}

// Whether a primitive gets its scales as arguments at each run, from version 3 on; else its attributes
// hold them.
static inline int ac_dnnl_scales_are_arguments(void) { return DNNL_VERSION_MAJOR >= 3; }

// The argument that carries the scales of another one.
static inline int ac_dnnl_scales_argument(int argument) {
#if DNNL_VERSION_MAJOR >= 3
  return DNNL_ARG_ATTR_SCALES | argument;
#else
  return argument;
#endif
}

// A convolution multiplies its sums of products by one scale for each channel of the result (or one
// for all). Version 2 adds the bias before that, version 3 behind it.
static inline dnnl_status_t ac_dnnl_attr_scale_channels(dnnl_primitive_attr_t attr, int grouped,
                                                        int count, const float *scales) {
#if DNNL_VERSION_MAJOR >= 3
  (void)scales;
  return dnnl_primitive_attr_set_scales_mask(attr, DNNL_ARG_WEIGHTS,
                                             count == 1 ? 0 : grouped ? 3 : 1);
#else
  (void)grouped;
  return dnnl_primitive_attr_set_output_scales(attr, count, count == 1 ? 0 : 2, scales);
#endif
}

// A reorder multiplies by one scale.
static inline dnnl_status_t ac_dnnl_attr_scale_reorder(dnnl_primitive_attr_t attr,
                                                       const float *scale) {
#if DNNL_VERSION_MAJOR >= 3
  (void)scale;
  return dnnl_primitive_attr_set_scales_mask(attr, DNNL_ARG_FROM, 0);
#else
  return dnnl_primitive_attr_set_output_scales(attr, 1, 0, scale);
#endif
}

// A binary primitive multiplies an operand (DNNL_ARG_SRC_0 or DNNL_ARG_SRC_1) by one scale.
static inline dnnl_status_t ac_dnnl_attr_scale_operand(dnnl_primitive_attr_t attr, int argument,
                                                       const float *scale) {
#if DNNL_VERSION_MAJOR >= 3
  (void)scale;
  return dnnl_primitive_attr_set_scales_mask(attr, argument, 0);
#else
  return dnnl_primitive_attr_set_scales(attr, argument, 1, 0, scale);
#endif
}

// Products of matrices, one for each of the leading places.
static inline dnnl_status_t ac_dnnl_matmul(dnnl_primitive_desc_t *pd, dnnl_engine_t engine,
                                           ac_dnnl_const_md src, ac_dnnl_const_md weights,
                                           ac_dnnl_const_md dst, dnnl_primitive_attr_t attr) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_matmul_primitive_desc_create(pd, engine, src, weights, NULL, dst, attr);
#else
  dnnl_matmul_desc_t desc;
  dnnl_status_t status = dnnl_matmul_desc_init(&desc, src, weights, NULL, dst);
  if (status != dnnl_success) return status;
  return dnnl_primitive_desc_create(pd, &desc, attr, engine, NULL);
#endif
}

static inline const char *ac_dnnl_implementation(ac_dnnl_const_pd pd);

// dilation counts from 0 (dense). bias may be NULL. The first implementation that has another name
// than `excluded` is taken; NULL excludes none.
static inline dnnl_status_t ac_dnnl_convolution(dnnl_primitive_desc_t *pd, dnnl_engine_t engine,
                                                dnnl_alg_kind_t kind, ac_dnnl_const_md src,
                                                ac_dnnl_const_md weights, ac_dnnl_const_md bias,
                                                ac_dnnl_const_md dst, const int64_t *strides,
                                                const int64_t *dilations, const int64_t *begin,
                                                const int64_t *end, dnnl_primitive_attr_t attr,
                                                const char *excluded) {
#if DNNL_VERSION_MAJOR >= 3
  dnnl_status_t status = dnnl_convolution_forward_primitive_desc_create(
      pd, engine, dnnl_forward_inference, kind, src, weights, bias, dst, strides, dilations, begin,
      end, attr);
  while (status == dnnl_success && excluded && !strcmp(ac_dnnl_implementation(*pd), excluded))
    status = dnnl_primitive_desc_next_impl(*pd);
  // No other is left.
  if (status == dnnl_last_impl_reached) {
    dnnl_primitive_desc_destroy(*pd);
    *pd = NULL;
    return dnnl_unimplemented;
  }
  return status;
#else
  dnnl_convolution_desc_t desc;
  dnnl_status_t status = dnnl_dilated_convolution_forward_desc_init(
      &desc, dnnl_forward_inference, kind, src, weights, bias, dst, strides, dilations, begin, end);
  if (status != dnnl_success) return status;
  dnnl_primitive_desc_iterator_t implementations = NULL;
  status = dnnl_primitive_desc_iterator_create(&implementations, &desc, attr, engine, NULL);
  while (status == dnnl_success) {
    *pd = dnnl_primitive_desc_iterator_fetch(implementations);
    if (!*pd) {
      status = dnnl_out_of_memory;
    } else if (!excluded || strcmp(ac_dnnl_implementation(*pd), excluded)) {
      break;
    } else {
      dnnl_primitive_desc_destroy(*pd);
      *pd = NULL;
      status = dnnl_primitive_desc_iterator_next(implementations);
    }
  }
  if (implementations) dnnl_primitive_desc_iterator_destroy(implementations);
  return status == dnnl_iterator_ends ? dnnl_unimplemented : status;
#endif
}

static inline dnnl_status_t ac_dnnl_deconvolution(dnnl_primitive_desc_t *pd, dnnl_engine_t engine,
                                                  ac_dnnl_const_md src, ac_dnnl_const_md weights,
                                                  ac_dnnl_const_md bias, ac_dnnl_const_md dst,
                                                  const int64_t *strides, const int64_t *dilations,
                                                  const int64_t *begin, const int64_t *end,
                                                  dnnl_primitive_attr_t attr) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_deconvolution_forward_primitive_desc_create(
      pd, engine, dnnl_forward_inference, dnnl_deconvolution_direct, src, weights, bias, dst,
      strides, dilations, begin, end, attr);
#else
  dnnl_deconvolution_desc_t desc;
  dnnl_status_t status = dnnl_dilated_deconvolution_forward_desc_init(
      &desc, dnnl_forward_inference, dnnl_deconvolution_direct, src, weights, bias, dst, strides,
      dilations, begin, end);
  if (status != dnnl_success) return status;
  return dnnl_primitive_desc_create(pd, &desc, attr, engine, NULL);
#endif
}

static inline dnnl_status_t ac_dnnl_pooling(dnnl_primitive_desc_t *pd, dnnl_engine_t engine,
                                            dnnl_alg_kind_t kind, ac_dnnl_const_md src,
                                            ac_dnnl_const_md dst, const int64_t *strides,
                                            const int64_t *kernel, const int64_t *dilations,
                                            const int64_t *begin, const int64_t *end,
                                            dnnl_primitive_attr_t attr) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_pooling_forward_primitive_desc_create(pd, engine, dnnl_forward_inference, kind, src,
                                                    dst, strides, kernel, dilations, begin, end,
                                                    attr);
#else
  dnnl_pooling_v2_desc_t desc;
  dnnl_status_t status = dnnl_pooling_v2_forward_desc_init(
      &desc, dnnl_forward_inference, kind, src, dst, strides, kernel, dilations, begin, end);
  if (status != dnnl_success) return status;
  return dnnl_primitive_desc_create(pd, &desc, attr, engine, NULL);
#endif
}

static inline dnnl_status_t ac_dnnl_resampling(dnnl_primitive_desc_t *pd, dnnl_engine_t engine,
                                               dnnl_alg_kind_t kind, const float *factors,
                                               ac_dnnl_const_md src, ac_dnnl_const_md dst,
                                               dnnl_primitive_attr_t attr) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_resampling_forward_primitive_desc_create(pd, engine, dnnl_forward_inference, kind,
                                                       factors, src, dst, attr);
#else
  dnnl_resampling_desc_t desc;
  dnnl_status_t status = dnnl_resampling_forward_desc_init(&desc, dnnl_forward_inference, kind,
                                                           factors, src, dst);
  if (status != dnnl_success) return status;
  return dnnl_primitive_desc_create(pd, &desc, attr, engine, NULL);
#endif
}

static inline dnnl_status_t ac_dnnl_eltwise(dnnl_primitive_desc_t *pd, dnnl_engine_t engine,
                                            dnnl_alg_kind_t kind, ac_dnnl_const_md data,
                                            float alpha, float beta, dnnl_primitive_attr_t attr) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_eltwise_forward_primitive_desc_create(pd, engine, dnnl_forward_inference, kind, data,
                                                    data, alpha, beta, attr);
#else
  dnnl_eltwise_desc_t desc;
  dnnl_status_t status =
      dnnl_eltwise_forward_desc_init(&desc, dnnl_forward_inference, kind, data, alpha, beta);
  if (status != dnnl_success) return status;
  return dnnl_primitive_desc_create(pd, &desc, attr, engine, NULL);
#endif
}

static inline dnnl_status_t ac_dnnl_binary(dnnl_primitive_desc_t *pd, dnnl_engine_t engine,
                                           dnnl_alg_kind_t kind, ac_dnnl_const_md a,
                                           ac_dnnl_const_md b, ac_dnnl_const_md dst,
                                           dnnl_primitive_attr_t attr) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_binary_primitive_desc_create(pd, engine, kind, a, b, dst, attr);
#else
  dnnl_binary_desc_t desc;
  dnnl_status_t status = dnnl_binary_desc_init(&desc, kind, a, b, dst);
  if (status != dnnl_success) return status;
  return dnnl_primitive_desc_create(pd, &desc, attr, engine, NULL);
#endif
}

static inline dnnl_status_t ac_dnnl_softmax(dnnl_primitive_desc_t *pd, dnnl_engine_t engine,
                                            ac_dnnl_const_md src, ac_dnnl_const_md dst, int axis,
                                            dnnl_primitive_attr_t attr) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_softmax_forward_primitive_desc_create(
      pd, engine, dnnl_forward_inference, dnnl_softmax_accurate, src, dst, axis, attr);
#else
  dnnl_softmax_v2_desc_t desc;
  dnnl_status_t status = dnnl_softmax_v2_forward_desc_init(
      &desc, dnnl_forward_inference, dnnl_softmax_accurate, src, dst, axis);
  if (status != dnnl_success) return status;
  return dnnl_primitive_desc_create(pd, &desc, attr, engine, NULL);
#endif
}

// dst may be NULL: the layout is chosen.
static inline dnnl_status_t ac_dnnl_concat(dnnl_primitive_desc_t *pd, dnnl_engine_t engine,
                                           ac_dnnl_const_md dst, int count, int axis,
                                           const ac_dnnl_md *sources, dnnl_primitive_attr_t attr) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_concat_primitive_desc_create(pd, engine, dst, count, axis,
                                           (const_dnnl_memory_desc_t const *)sources, attr);
#else
  dnnl_memory_desc_t *copies = (dnnl_memory_desc_t *)malloc(sizeof(*copies) * (size_t)count);
  if (!copies) return dnnl_out_of_memory;
  for (int i = 0; i < count; i++) copies[i] = *sources[i];
  dnnl_status_t status =
      dnnl_concat_primitive_desc_create(pd, dst, count, axis, copies, attr, engine);
  free(copies);
  return status;
#endif
}

static inline dnnl_status_t ac_dnnl_reorder(dnnl_primitive_desc_t *pd, dnnl_engine_t engine,
                                            ac_dnnl_const_md src, ac_dnnl_const_md dst,
                                            dnnl_primitive_attr_t attr) {
  return dnnl_reorder_primitive_desc_create(pd, src, engine, dst, engine, attr);
}

static inline dnnl_status_t ac_dnnl_memory_create(dnnl_memory_t *memory, ac_dnnl_const_md md,
                                                  dnnl_engine_t engine, void *data) {
  return dnnl_memory_create(memory, md, engine, data);
}

// The name of the implementation that was chosen, such as "jit:avx512_core".
static inline const char *ac_dnnl_implementation(ac_dnnl_const_pd pd) {
  const char *name = NULL;
  dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, &name);
  return name ? name : "";
}

// Sets how many OpenMP threads the calling thread may use and returns the former number, or 0 where
// oneDNN was built without OpenMP. Whichever OpenMP library oneDNN brought in is found by name.
static inline int ac_openmp_set_threads(int count) {
  void (*set)(int) = (void (*)(int))dlsym(RTLD_DEFAULT, "omp_set_num_threads");
  int (*get)(void) = (int (*)(void))dlsym(RTLD_DEFAULT, "omp_get_max_threads");
  if (!set || !get) return 0;
  int before = get();
  set(count);
  return before;
}

// The instruction set that oneDNN runs on. On ARM it numbers others by the same bits, and its headers name only those
// of x86.
static inline const char *ac_dnnl_isa_name(void) {
  const unsigned isa = (unsigned)dnnl_get_effective_cpu_isa();
#if defined(__aarch64__)
  // The vectors of 512 bits have 0x10 in version 2, 0x20 in version 3.
  if (isa & 0x30) return "sve_512";
  return isa & 4 ? "sve_256" : isa & 2 ? "sve_128" : "asimd";
#else
  switch ((int)isa) {
    case dnnl_cpu_isa_sse41: return "sse41";
    case dnnl_cpu_isa_avx: return "avx";
    case dnnl_cpu_isa_avx2: return "avx2";
    case dnnl_cpu_isa_avx2_vnni: return "avx2_vnni";
    case dnnl_cpu_isa_avx512_core: return "avx512_core";
    case dnnl_cpu_isa_avx512_core_vnni: return "avx512_core_vnni";
    case dnnl_cpu_isa_avx512_core_bf16: return "avx512_core_bf16";
    case dnnl_cpu_isa_avx512_core_amx: return "avx512_core_amx";
    default: return "generic";
  }
#endif
}

// Whether the CPU has all of an instruction set of x86.
static inline int ac_dnnl_has(dnnl_cpu_isa_t set) {
#if defined(__x86_64__)
  return ((unsigned)dnnl_get_effective_cpu_isa() & (unsigned)set) == (unsigned)set;
#else
  (void)set;
  return 0;
#endif
}

// Whether the CPU multiplies bf16 in hardware, by AVX512-BF16 or AMX. The sets with AVX512-BF16
// have all bits of avx512_core_bf16.
static inline int ac_dnnl_has_bf16(void) { return ac_dnnl_has(dnnl_cpu_isa_avx512_core_bf16); }

// Whether the CPU has AVX2 or better.
static inline int ac_dnnl_has_avx2(void) { return ac_dnnl_has(dnnl_cpu_isa_avx2); }

// Whether sums of products of bytes are exact for all bytes. Without AVX512-VNNI, oneDNN adds two
// products in 16 bits, which saturate, and halves the weights that signed bytes are multiplied with.
// Version 2 halves them with AVX2-VNNI too, version 3 does not. Of other processors nothing is claimed.
static inline int ac_dnnl_multiplies_whole_bytes(void) {
#if DNNL_VERSION_MAJOR >= 3
  if (ac_dnnl_has(dnnl_cpu_isa_avx2_vnni)) return 1;
#endif
  return ac_dnnl_has(dnnl_cpu_isa_avx512_core_vnni);
}
