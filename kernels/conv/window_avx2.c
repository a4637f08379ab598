/* The plain window, built for avx2. */
#define WINDOW_ID ridge_conv_window_f32__avx2
#define WINDOW_NAME "ridge_conv_window_f32__avx2"
#define WINDOW_ISA "avx2"
#include "conv/window.h"
