#pragma once
// FFmpeg 5.1 and later: what Swift cannot import (macros, variadics) and what differs by version.
// Compiled with 5.1, 6.1 and 7.1.
#include <errno.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/audio_fifo.h>
#include <libavutil/avutil.h>
#include <libavutil/crc.h>
#include <libavutil/display.h>
#include <libavutil/imgutils.h>
#include <libavutil/mastering_display_metadata.h>
#include <libavutil/murmur3.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libavutil/samplefmt.h>
#include <libavutil/sha.h>
#include <libavutil/timecode.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>
#include <string.h>

// Macros.
static inline int ac_averror(int code) { return AVERROR(code); }
static inline int ac_error_eof(void) { return AVERROR_EOF; }
static inline int ac_error_again(void) { return AVERROR(EAGAIN); }
static inline int ac_error_exit(void) { return AVERROR_EXIT; }
static inline int ac_error_invalid_data(void) { return AVERROR_INVALIDDATA; }
static inline int64_t ac_no_pts(void) { return AV_NOPTS_VALUE; }
static inline int ac_error_text(int code, char *text, size_t size) {
  return av_strerror(code, text, size);
}

// Declared by the system for _GNU_SOURCE only.
extern int syncfs(int descriptor);
static inline int ac_sync_file_system(int descriptor) { return syncfs(descriptor); }

// Begins to bring `count` bytes from `start` on to the disk and does not wait for it. SYNC_FILE_RANGE_WRITE.
extern int sync_file_range(int, __off64_t, __off64_t, unsigned);
static inline int ac_begin_sync(int descriptor, int64_t start, int64_t count) {
  const unsigned write = 2;
  return sync_file_range(descriptor, start, count, write);
}

// Fails with EEXIST where something is under the new name.
extern int renameat2(int, const char *, int, const char *, unsigned);
static inline int ac_rename_to_free(const char *old_path, const char *new_path) {
  // Not <fcntl.h>'s own names: Swift would take its types for ours. AT_FDCWD and RENAME_NOREPLACE.
  const int working_folder = -100;
  const unsigned no_replace = 1;
  return renameat2(working_folder, old_path, working_folder, new_path, no_replace);
}

// Fields of AVFrame that moved into flags or were renamed.
static inline int ac_frame_interlaced(const AVFrame *frame) {
#ifdef AV_FRAME_FLAG_INTERLACED
  return (frame->flags & AV_FRAME_FLAG_INTERLACED) != 0;
#else
  return frame->interlaced_frame;
#endif
}

static inline int ac_frame_top_field_first(const AVFrame *frame) {
#ifdef AV_FRAME_FLAG_TOP_FIELD_FIRST
  return (frame->flags & AV_FRAME_FLAG_TOP_FIELD_FIRST) != 0;
#else
  return frame->top_field_first;
#endif
}

static inline void ac_frame_set_fields(AVFrame *frame, int interlaced, int top_first) {
#ifdef AV_FRAME_FLAG_INTERLACED
  frame->flags &= ~(AV_FRAME_FLAG_INTERLACED | AV_FRAME_FLAG_TOP_FIELD_FIRST);
  if (interlaced) frame->flags |= AV_FRAME_FLAG_INTERLACED;
  if (top_first) frame->flags |= AV_FRAME_FLAG_TOP_FIELD_FIRST;
#else
  frame->interlaced_frame = interlaced;
  frame->top_field_first = top_first;
#endif
}

static inline int64_t ac_frame_duration(const AVFrame *frame) {
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 30, 100)
  return frame->duration;
#else
  return frame->pkt_duration;
#endif
}

static inline void ac_frame_set_duration(AVFrame *frame, int64_t duration) {
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 30, 100)
  frame->duration = duration;
#else
  frame->pkt_duration = duration;
#endif
}

// Planes: Swift sees C arrays as tuples.
static inline uint8_t *ac_frame_plane(const AVFrame *frame, int index) {
  return frame->data[index];
}
static inline int ac_frame_stride(const AVFrame *frame, int index) {
  return frame->linesize[index];
}
static inline void ac_frame_set_plane(AVFrame *frame, int index, const void *base, int stride) {
  frame->data[index] = (uint8_t *)base;
  frame->linesize[index] = stride;
}
static inline void ac_frame_set_buffer(AVFrame *frame, int index, AVBufferRef *buffer) {
  frame->buf[index] = buffer;
}
static inline AVComponentDescriptor ac_component(const AVPixFmtDescriptor *descriptor, int index) {
  return descriptor->comp[index];
}
static inline AVStream *ac_stream(const AVFormatContext *context, int index) {
  return context->streams[index];
}

// Whether the Matroska muxer adds the codec delay that it writes to the times of the packets, as readers subtract it.
// Before FFmpeg 6.1 it did not.
static inline int ac_matroska_adds_codec_delay(void) {
  return avformat_version() >= AV_VERSION_INT(60, 16, 100);
}

// The `opaque` of the decoder that logs, `NULL` if it is not a decoder or has none.
static inline void *ac_logging_decoder_opaque(void *logging) {
  if (!logging) return NULL;
  const AVClass *const *type = (const AVClass *const *)logging;
  if (*type != avcodec_get_class()) return NULL;
  const AVCodecContext *context = (const AVCodecContext *)logging;
  return context->codec && av_codec_is_decoder(context->codec) ? context->opaque : NULL;
}

// The `opaque` of the container that is read and logs, `NULL` for all else: a muxer has another one.
static inline void *ac_logging_container_opaque(void *logging) {
  if (!logging) return NULL;
  const AVClass *const *type = (const AVClass *const *)logging;
  if (*type != avformat_get_class()) return NULL;
  const AVFormatContext *context = (const AVFormatContext *)logging;
  return context->oformat ? NULL : context->opaque;
}

// Forbids a demuxer to open anything by itself, whatever its file says: neither through the context, of
// which `refuse` is told, nor by any protocol. 0 or a negative error code.
static inline int ac_close_doors(AVFormatContext *context,
                                 int (*refuse)(AVFormatContext *, AVIOContext **, const char *, int,
                                               AVDictionary **)) {
  context->io_open = refuse;
  // A list in which no protocol is; an empty one would allow all.
  context->protocol_whitelist = av_strdup("none");
  return context->protocol_whitelist ? 0 : AVERROR(ENOMEM);
}

// The pixel formats that an encoder takes, ended by AV_PIX_FMT_NONE; NULL if it does not tell.
static inline const enum AVPixelFormat *ac_encoder_pixel_formats(const AVCodec *codec) {
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(61, 13, 100)
  const void *formats = NULL;
  if (avcodec_get_supported_config(NULL, codec, AV_CODEC_CONFIG_PIX_FORMAT, 0, &formats, NULL) < 0)
    return NULL;
  return (const enum AVPixelFormat *)formats;
#else
  return codec->pix_fmts;
#endif
}

// The sample formats that an encoder takes, ended by AV_SAMPLE_FMT_NONE; NULL if it does not tell.
static inline const enum AVSampleFormat *ac_encoder_sample_formats(const AVCodec *codec) {
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(61, 13, 100)
  const void *formats = NULL;
  if (avcodec_get_supported_config(NULL, codec, AV_CODEC_CONFIG_SAMPLE_FORMAT, 0, &formats, NULL) <
      0)
    return NULL;
  return (const enum AVSampleFormat *)formats;
#else
  return codec->sample_fmts;
#endif
}

// The sample rates that an encoder takes, ended by 0; NULL if it takes any.
static inline const int *ac_encoder_sample_rates(const AVCodec *codec) {
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(61, 13, 100)
  const void *rates = NULL;
  if (avcodec_get_supported_config(NULL, codec, AV_CODEC_CONFIG_SAMPLE_RATE, 0, &rates, NULL) < 0)
    return NULL;
  return (const int *)rates;
#else
  return codec->supported_samplerates;
#endif
}

// The channels of a frame, as arrays that libswresample and FIFOs take.
static inline void **ac_frame_channels(AVFrame *frame) { return (void **)frame->extended_data; }

// Resamples `frame`, or what is held back if NULL, into `output`, which has room for its nb_samples.
// Returns how many samples came out, or a negative error code.
static inline int ac_resample(SwrContext *resampler, const AVFrame *frame, AVFrame *output) {
  return swr_convert(resampler, output->extended_data, output->nb_samples,
                     frame ? (const uint8_t **)frame->extended_data : NULL,
                     frame ? frame->nb_samples : 0);
}

// Side data of a stream: in AVStream up to FFmpeg 6.0, in its codec parameters from 6.1 on.
#define AC_SIDE_DATA_IN_PARAMETERS (LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 31, 102))

static inline int ac_side_data_in_parameters(void) { return AC_SIDE_DATA_IN_PARAMETERS; }

static inline int ac_side_data_count(const AVStream *stream) {
#if AC_SIDE_DATA_IN_PARAMETERS
  return stream->codecpar->nb_coded_side_data;
#else
  return stream->nb_side_data;
#endif
}

static inline const AVPacketSideData *ac_side_data(const AVStream *stream, int index) {
#if AC_SIDE_DATA_IN_PARAMETERS
  return &stream->codecpar->coded_side_data[index];
#else
  return &stream->side_data[index];
#endif
}

// Copies `size` bytes into the stream's side data; 0 or a negative error code.
static inline int ac_add_side_data(AVStream *stream, enum AVPacketSideDataType type,
                                   const void *bytes, size_t size) {
  uint8_t *copy = (uint8_t *)av_memdup(bytes, size);
  if (!copy) return AVERROR(ENOMEM);
#if AC_SIDE_DATA_IN_PARAMETERS
  AVCodecParameters *parameters = stream->codecpar;
  if (!av_packet_side_data_add(&parameters->coded_side_data, &parameters->nb_coded_side_data, type,
                               copy, size, 0)) {
    av_free(copy);
    return AVERROR(ENOMEM);
  }
  return 0;
#else
  int status = av_stream_add_side_data(stream, type, copy, size);
  if (status < 0) av_free(copy);
  return status;
#endif
}

// Appends a chapter, which the context then owns; NULL when out of memory.
static inline AVChapter *ac_add_chapter(AVFormatContext *context, int64_t id, AVRational time_base,
                                        int64_t start, int64_t end) {
  AVChapter *chapter = (AVChapter *)av_mallocz(sizeof(AVChapter));
  if (!chapter) return NULL;
  chapter->id = (__typeof__(chapter->id))id;
  chapter->time_base = time_base;
  chapter->start = start;
  chapter->end = end;
  int count = (int)context->nb_chapters;
  if (av_dynarray_add_nofree(&context->chapters, &count, chapter) < 0) {
    av_free(chapter);
    return NULL;
  }
  context->nb_chapters = (unsigned)count;
  return chapter;
}

// An I/O context over three functions; the type of `write_bytes` changed in FFmpeg 7.
static inline AVIOContext *ac_io_context(int buffer_size, int writes, void *opaque,
                                         int (*read_bytes)(void *, uint8_t *, int),
                                         int (*write_bytes)(void *, const uint8_t *, int),
                                         int64_t (*seek)(void *, int64_t, int)) {
  unsigned char *buffer = (unsigned char *)av_malloc((size_t)buffer_size);
  if (!buffer) return NULL;
#if LIBAVFORMAT_VERSION_MAJOR >= 61
  AVIOContext *context =
      avio_alloc_context(buffer, buffer_size, writes, opaque, read_bytes, write_bytes, seek);
#else
  AVIOContext *context =
      avio_alloc_context(buffer, buffer_size, writes, opaque, read_bytes,
                         (int (*)(void *, uint8_t *, int))write_bytes, seek);
#endif
  if (!context) av_free(buffer);
  return context;
}

// The buffer may have been replaced since: free the one that is there.
static inline void ac_io_context_free(AVIOContext *context) {
  av_freep(&context->buffer);
  avio_context_free(&context);
}

// Lets a frame whose format and size are set point into `size` bytes without padding, which
// `release(opaque, bytes)` frees with the frame. On failure `release` is not called.
static inline int ac_frame_point_into(AVFrame *frame, void *bytes, size_t size,
                                      void (*release)(void *, uint8_t *), void *opaque) {
  int status = av_image_fill_arrays(frame->data, frame->linesize, (const uint8_t *)bytes,
                                    (enum AVPixelFormat)frame->format, frame->width,
                                    frame->height, 1);
  if (status < 0) return status;
  if ((size_t)status > size) return AVERROR(EINVAL);
  frame->buf[0] =
      av_buffer_create((uint8_t *)bytes, size, release, opaque, AV_BUFFER_FLAG_READONLY);
  return frame->buf[0] ? 0 : AVERROR(ENOMEM);
}

// Copies the samples of a frame without padding.
static inline int ac_frame_pack(const AVFrame *frame, void *bytes, int size) {
  return av_image_copy_to_buffer((uint8_t *)bytes, size, (const uint8_t *const *)frame->data,
                                 frame->linesize, (enum AVPixelFormat)frame->format, frame->width,
                                 frame->height, 1);
}

// Formats of 16-bit words in the machine's own byte order.
static inline enum AVPixelFormat ac_pixel_format_gray16(void) { return AV_PIX_FMT_GRAY16; }
static inline enum AVPixelFormat ac_pixel_format_ya16(void) { return AV_PIX_FMT_YA16; }
static inline enum AVPixelFormat ac_pixel_format_rgb48(void) { return AV_PIX_FMT_RGB48; }
static inline enum AVPixelFormat ac_pixel_format_rgba64(void) { return AV_PIX_FMT_RGBA64; }

// Converts a picture by libswscale, always to the same bytes on the same machine type. `*context` is
// NULL or what an earlier call left there, and is freed by `ac_convert_free`. Both frames have their
// size, format, range and memory; Y'CbCr is that of `matrix`, an AVColorSpace. Returns a negative
// error code where libswscale does not know the formats.
static inline int ac_convert(void **context, const AVFrame *source, AVFrame *target, int matrix) {
  const int flags = SWS_BICUBIC | SWS_ACCURATE_RND | SWS_BITEXACT | SWS_FULL_CHR_H_INT |
                    SWS_FULL_CHR_H_INP;
  struct SwsContext *made = sws_getCachedContext(
      (struct SwsContext *)*context, source->width, source->height,
      (enum AVPixelFormat)source->format, target->width, target->height,
      (enum AVPixelFormat)target->format, flags, NULL, NULL, NULL);
  *context = made;
  if (!made) return AVERROR(EINVAL);
  const int *coefficients = sws_getCoefficients(matrix);
  // Refused where neither side is Y'CbCr, which needs none.
  (void)sws_setColorspaceDetails(made, coefficients, source->color_range == AVCOL_RANGE_JPEG,
                                 coefficients, target->color_range == AVCOL_RANGE_JPEG, 0, 1 << 16,
                                 1 << 16);
  int rows = sws_scale(made, (const uint8_t *const *)source->data, source->linesize, 0,
                       source->height, target->data, target->linesize);
  return rows < 0 ? rows : 0;
}

static inline void ac_convert_free(void *context) {
  sws_freeContext((struct SwsContext *)context);
}
