/* The plain window, built for ref. */
#define WINDOW_ID ridge_conv_window_f32__ref
#define WINDOW_NAME "ridge_conv_window_f32__ref"
#define WINDOW_ISA "ref"
#include "conv/window.h"
