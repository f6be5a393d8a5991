/*
 * Two functions that glibc has from 2.38 on and the linux-x64 binary of @earthmover/icechunk asks
 * for without a version. Opened with RTLD_GLOBAL before that binary, this addon supplies them on
 * older systems (Debian 12, Ubuntu 22.04, RHEL 9). They differ from the plain functions only in
 * accepting binary numbers ("0b1").
 *
 * Compile with -std=c11: under GNU or C23 rules a newer glibc's headers turn strtol and vsscanf
 * themselves into the __isoc23 names, and each function below would call itself.
 *
 *   cc -std=c11 -shared -fPIC -O2 -o icechunk-glibc.node icechunk-glibc.c
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int __isoc23_sscanf(const char *text, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int converted = vsscanf(text, format, arguments);
  va_end(arguments);
  return converted;
}

long __isoc23_strtol(const char *text, char **end, int base) {
  return strtol(text, end, base);
}

/* What makes this library an addon in the eyes of process.dlopen. It exports nothing to JavaScript. */
void *napi_register_module_v1(void *env, void *exports) {
  (void)env;
  return exports;
}
