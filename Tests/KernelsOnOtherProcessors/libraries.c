// The shims of FFmpeg, oneDNN and OpenBLAS: that they compile and link, what they say of the
// processor, and that products of matrices and a convolution come out right.
//
//   libraries
//
// Exit status: 0 if all is right, 1 otherwise.
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "CFFmpeg/samples.h"
#include "CFFmpeg/shim.h"
#include "COneDNN/shim.h"
#include "COpenBLAS/shim.h"

static int wrong;

static void expect(int right, const char *what) {
  if (right) return;
  printf("WRONG %s\n", what);
  wrong = 1;
}

static void must(dnnl_status_t status, const char *what) {
  if (status == dnnl_success) return;
  printf("WRONG oneDNN: %s: status %d\n", what, (int)status);
  exit(1);
}

static uint32_t state = 1;

static float *random_floats(int count) {
  float *v = malloc((size_t)count * sizeof *v);
  if (!v) abort();
  for (int i = 0; i < count; i++) {
    state = state * 1664525 + 1013904223;
    v[i] = (float)(state >> 8) * 0x1p-23f - 1;
  }
  return v;
}

enum { M = 23, N = 17, K = 40 };

static void product_by_openblas(const float *a, const float *b, const double *expected) {
  float *c = random_floats(M * N);
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, M, N, K, 1, a, K, b, N, 0, c, N);
  double most = 0;
  for (int i = 0; i < M * N; i++) most = fmax(most, fabs((double)c[i] - expected[i]));
  expect(most < 1e-5, "a product of matrices by OpenBLAS");
  free(c);
}

static void run(dnnl_engine_t engine, dnnl_primitive_desc_t pd, const dnnl_exec_arg_t *arguments,
                int count) {
  dnnl_primitive_t primitive;
  dnnl_stream_t stream;
  must(dnnl_primitive_create(&primitive, pd), "a primitive");
  must(dnnl_stream_create(&stream, engine, dnnl_stream_default_flags), "a stream");
  must(dnnl_primitive_execute(primitive, stream, count, arguments), "running");
  must(dnnl_stream_wait(stream), "waiting");
}

static dnnl_memory_t memory(dnnl_engine_t engine, ac_dnnl_const_md md, void *data) {
  dnnl_memory_t result;
  must(ac_dnnl_memory_create(&result, md, engine, data), "memory");
  return result;
}

static ac_dnnl_md dense(int ndims, const int64_t *dims, const int64_t *strides) {
  ac_dnnl_md md;
  must(ac_dnnl_md_create(&md, ndims, dims, dnnl_f32, strides), "a layout");
  return md;
}

static void product_by_onednn(dnnl_engine_t engine, float *a, float *b, const double *expected) {
  const ac_dnnl_md left = dense(2, (int64_t[]){M, K}, (int64_t[]){K, 1});
  const ac_dnnl_md right = dense(2, (int64_t[]){K, N}, (int64_t[]){N, 1});
  const ac_dnnl_md result = dense(2, (int64_t[]){M, N}, (int64_t[]){N, 1});
  dnnl_primitive_desc_t pd;
  must(ac_dnnl_matmul(&pd, engine, left, right, result, NULL), "a product");
  float *c = random_floats(M * N);
  run(engine, pd,
      (dnnl_exec_arg_t[]){{DNNL_ARG_SRC, memory(engine, left, a)},
                          {DNNL_ARG_WEIGHTS, memory(engine, right, b)},
                          {DNNL_ARG_DST, memory(engine, result, c)}},
      3);
  double most = 0;
  for (int i = 0; i < M * N; i++) most = fmax(most, fabs((double)c[i] - expected[i]));
  expect(most < 1e-5, "a product of matrices by oneDNN");
  printf("product by %s, off by %.2g at most\n", ac_dnnl_implementation(pd), most);
  free(c);
}

// 3×3, stride 1, the same size, channels last.
static void convolution_by_onednn(dnnl_engine_t engine) {
  enum { H = 9, W = 11, C = 16, O = 24 };
  float *x = random_floats(H * W * C), *w = random_floats(O * C * 9), *bias = random_floats(O);
  float *y = random_floats(H * W * O);
  const ac_dnnl_md from = dense(4, (int64_t[]){1, C, H, W}, (int64_t[]){H * W * C, 1, W * C, C});
  const ac_dnnl_md filter = dense(4, (int64_t[]){O, C, 3, 3}, (int64_t[]){C * 9, 9, 3, 1});
  const ac_dnnl_md biases = dense(1, (int64_t[]){O}, (int64_t[]){1});
  const ac_dnnl_md to = dense(4, (int64_t[]){1, O, H, W}, (int64_t[]){H * W * O, 1, W * O, O});
  dnnl_primitive_desc_t pd;
  must(ac_dnnl_convolution(&pd, engine, dnnl_convolution_direct, from, filter, biases, to,
                           (int64_t[]){1, 1}, (int64_t[]){0, 0}, (int64_t[]){1, 1},
                           (int64_t[]){1, 1}, NULL),
       "a convolution");
  run(engine, pd,
      (dnnl_exec_arg_t[]){{DNNL_ARG_SRC, memory(engine, from, x)},
                          {DNNL_ARG_WEIGHTS, memory(engine, filter, w)},
                          {DNNL_ARG_BIAS, memory(engine, biases, bias)},
                          {DNNL_ARG_DST, memory(engine, to, y)}},
      4);
  double most = 0;
  for (int row = 0; row < H; row++)
    for (int column = 0; column < W; column++)
      for (int o = 0; o < O; o++) {
        double sum = bias[o];
        for (int i = 0; i < 9; i++) {
          const int r = row + i / 3 - 1, c = column + i % 3 - 1;
          if (r < 0 || r >= H || c < 0 || c >= W) continue;
          for (int k = 0; k < C; k++)
            sum += (double)w[(o * C + k) * 9 + i] * x[(r * W + c) * C + k];
        }
        most = fmax(most, fabs(y[(row * W + column) * O + o] - sum));
      }
  expect(most < 1e-4, "a convolution by oneDNN");
  printf("convolution by %s, off by %.2g at most\n", ac_dnnl_implementation(pd), most);
}

int main(void) {
  const dnnl_version_t *version = dnnl_version();
  printf("FFmpeg's libavformat %u, OpenBLAS for %s, oneDNN %d.%d.%d for %s\n",
         avformat_version() >> 16, openblas_get_corename(), version->major, version->minor,
         version->patch, ac_dnnl_isa_name());
#if !defined(__x86_64__)
  expect(!ac_dnnl_has_avx2() && !ac_dnnl_has_bf16() && !ac_dnnl_multiplies_whole_bytes(),
         "oneDNN's shim finds instruction sets of x86");
#endif
  char text[128];
  expect(ac_error_text(ac_error_eof(), text, sizeof text) == 0, "the text of an error of FFmpeg");
  float *a = random_floats(M * K), *b = random_floats(K * N);
  double expected[M * N];
  for (int i = 0; i < M * N; i++) {
    expected[i] = 0;
    for (int k = 0; k < K; k++) expected[i] += (double)a[i / N * K + k] * b[k * N + i % N];
  }
  product_by_openblas(a, b, expected);
  dnnl_engine_t engine;
  must(dnnl_engine_create(&engine, dnnl_cpu, 0), "an engine");
  product_by_onednn(engine, a, b, expected);
  convolution_by_onednn(engine);
  return wrong;
}
