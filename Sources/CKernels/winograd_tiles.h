// The transformations of winograd.c for WIDTH channels at once. Included once for each width.

typedef float NAME(channels) __attribute__((vector_size(4 * WIDTH), aligned(4)));
#define VECTOR NAME(channels)
#define LOAD(p) (*(const VECTOR *)(p))
#define STORE(p, value) (*(VECTOR *)(p) = (value))

// input_matrix times d0 … d5.
#define INPUT(d0, d1, d2, d3, d4, d5, to)                                                       \
  do {                                                                                          \
    const VECTOR even_r = (d4) - 2.0f * (d2), odd_r = (float)R * ((d3) - 2.0f * (d1));          \
    const VECTOR even_s = (d4) - 0.5f * (d2), odd_s = (float)S * ((d3) - 0.5f * (d1));          \
    (to)[0] = (d0) - 2.5f * (d2) + (d4);                                                        \
    (to)[1] = even_r + odd_r;                                                                   \
    (to)[2] = even_r - odd_r;                                                                   \
    (to)[3] = even_s + odd_s;                                                                   \
    (to)[4] = even_s - odd_s;                                                                   \
    (to)[5] = (d1) - 2.5f * (d3) + (d5);                                                        \
  } while (0)

// output_matrix times m0 … m5.
#define OUTPUT(m0, m1, m2, m3, m4, m5, to)                                                      \
  do {                                                                                          \
    const VECTOR sum_r = (m1) + (m2), odd_r = (float)R * ((m1) - (m2));                         \
    const VECTOR sum_s = (m3) + (m4), odd_s = (float)S * ((m3) - (m4));                         \
    (to)[0] = (m0) + sum_r + sum_s;                                                             \
    (to)[1] = odd_r + odd_s;                                                                    \
    (to)[2] = 0.5f * sum_r + 2.0f * sum_s;                                                      \
    (to)[3] = 0.5f * odd_r + 2.0f * odd_s + (m5);                                               \
  } while (0)

TARGET static void NAME(winograd_input)(const ac_winograd_map *map, const float *x, int first,
                                        int count, float *v, int begin, int end) {
  static const float zeros[WIDTH];
  const ptrdiff_t point = (ptrdiff_t)ac_winograd_tiles(map) * map->channels;
  for (int tile = first; tile < first + count; tile++) {
    const tile_place place = place_of(map, tile);
    // Outside of the image every channel is read from the same zeros.
    const float *from[36];
    ptrdiff_t step[36];
    for (int i = 0; i < 6; i++)
      for (int j = 0; j < 6; j++) {
        const int row = place.row + (i - 1) * map->dilation;
        const int column = place.column + (j - 1) * map->dilation;
        const int inside = row >= 0 && row < map->height && column >= 0 && column < map->width;
        from[i * 6 + j] =
            inside ? x + (place.image + (ptrdiff_t)row * map->width + column) * map->channels
                   : zeros;
        step[i * 6 + j] = inside;
      }
    for (int c = begin; c < end; c += WIDTH) {
      VECTOR rows[6][6];
      for (int j = 0; j < 6; j++) {
        VECTOR d[6], to[6];
        for (int i = 0; i < 6; i++) d[i] = LOAD(from[i * 6 + j] + c * step[i * 6 + j]);
        INPUT(d[0], d[1], d[2], d[3], d[4], d[5], to);
        for (int i = 0; i < 6; i++) rows[i][j] = to[i];
      }
      float *out = v + (ptrdiff_t)tile * map->channels + c;
      for (int i = 0; i < 6; i++) {
        VECTOR to[6];
        INPUT(rows[i][0], rows[i][1], rows[i][2], rows[i][3], rows[i][4], rows[i][5], to);
        for (int j = 0; j < 6; j++) STORE(out + (i * 6 + j) * point, to[j]);
      }
    }
  }
}

TARGET static void NAME(winograd_output)(const ac_winograd_map *map, const float *m,
                                         const ac_winograd_finish *finish, int first, int count,
                                         float *y, int begin, int end) {
  const ptrdiff_t point = (ptrdiff_t)ac_winograd_tiles(map) * map->channels;
  const VECTOR zero = {0};
  for (int tile = first; tile < first + count; tile++) {
    const tile_place place = place_of(map, tile);
    for (int c = begin; c < end; c += WIDTH) {
      const float *in = m + (ptrdiff_t)tile * map->channels + c;
      VECTOR columns[4][6];
      for (int j = 0; j < 6; j++) {
        VECTOR p[6], to[4];
        for (int i = 0; i < 6; i++) p[i] = LOAD(in + (i * 6 + j) * point);
        OUTPUT(p[0], p[1], p[2], p[3], p[4], p[5], to);
        for (int i = 0; i < 4; i++) columns[i][j] = to[i];
      }
      const VECTOR bias = finish->bias ? LOAD(finish->bias + c) : zero;
      for (int i = 0; i < 4; i++) {
        const int row = place.row + i * map->dilation;
        if (row >= map->height) break;
        VECTOR to[4];
        OUTPUT(columns[i][0], columns[i][1], columns[i][2], columns[i][3], columns[i][4],
               columns[i][5], to);
        for (int j = 0; j < 4; j++) {
          const int column = place.column + j * map->dilation;
          if (column >= map->width) break;
          const ptrdiff_t at =
              (place.image + (ptrdiff_t)row * map->width + column) * map->channels + c;
          VECTOR value = to[j] + bias;
          if (finish->summand) value += LOAD(finish->summand + at);
          if (finish->slope != 1)
            value = __builtin_elementwise_max(value, zero) +
                    finish->slope * __builtin_elementwise_min(value, zero);
          if (finish->scale) value = value * LOAD(finish->scale + c) + LOAD(finish->shift + c);
          STORE(y + at, value);
        }
      }
    }
  }
}

#undef VECTOR
#undef LOAD
#undef STORE
#undef INPUT
#undef OUTPUT
#undef WIDTH
#undef TARGET
#undef NAME
