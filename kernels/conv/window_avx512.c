/* The plain window, built for avx512. */
#define WINDOW_ID ridge_conv_window_f32__avx512
#define WINDOW_NAME "ridge_conv_window_f32__avx512"
#define WINDOW_ISA "avx512"
#include "conv/window.h"
