#pragma once
// FFmpeg 5.1 and later: what Swift cannot import (macros, variadics) and what differs by version.
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avutil.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
