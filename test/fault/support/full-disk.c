/* Writes below FULL_DISK_FOLDER fail with ENOSPC once FULL_DISK_BYTES were written there by this process:
 * a small disk where none can be mounted. Preloaded by small-disk.ts. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_long written;

/* Whether `bytes` more still fit. */
static int has_room(int fd, size_t bytes) {
  const char *folder = getenv("FULL_DISK_FOLDER"), *most = getenv("FULL_DISK_BYTES");
  char link[64], path[4096];
  int before = errno;
  if (folder == NULL || most == NULL) return 1;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  errno = before;
  if (length < 0) return 1;
  path[length] = '\0';
  if (strncmp(path, folder, strlen(folder)) != 0) return 1;
  if (atomic_fetch_add(&written, (long)bytes) + (long)bytes <= atol(most)) return 1;
  errno = ENOSPC;
  return 0;
}

static size_t sum(const struct iovec *parts, int count) {
  size_t bytes = 0;
  for (int i = 0; i < count; i++) bytes += parts[i].iov_len;
  return bytes;
}

#define NEXT(type, name, ...) ((type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name))

ssize_t write(int fd, const void *data, size_t bytes) {
  if (!has_room(fd, bytes)) return -1;
  return NEXT(ssize_t, "write", int, const void *, size_t)(fd, data, bytes);
}

ssize_t pwrite(int fd, const void *data, size_t bytes, off_t at) {
  if (!has_room(fd, bytes)) return -1;
  return NEXT(ssize_t, "pwrite", int, const void *, size_t, off_t)(fd, data, bytes, at);
}

ssize_t pwrite64(int fd, const void *data, size_t bytes, off64_t at) {
  if (!has_room(fd, bytes)) return -1;
  return NEXT(ssize_t, "pwrite64", int, const void *, size_t, off64_t)(fd, data, bytes, at);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  if (!has_room(fd, sum(parts, count))) return -1;
  return NEXT(ssize_t, "writev", int, const struct iovec *, int)(fd, parts, count);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) {
  if (!has_room(fd, sum(parts, count))) return -1;
  return NEXT(ssize_t, "pwritev", int, const struct iovec *, int, off_t)(fd, parts, count, at);
}
