// The file system as the container sees it, and what it is allowed to do there.
#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "probe.hpp"

namespace probe {
namespace {

const char* kind(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG: return "file";
    case S_IFDIR: return "dir";
    case S_IFLNK: return "link";
    case S_IFCHR: return "char";
    case S_IFBLK: return "block";
    case S_IFIFO: return "fifo";
    case S_IFSOCK: return "socket";
    default: return "unknown";
  }
}

/// lstat(2), the target of a link, and the file system's magic number.
void stat_verb(Words w) {
  const std::string key = std::string("stat:") + w[0];
  struct stat now {};
  const int answer = lstat(w[0], &now);
  say_errno(key, answer);
  if (answer < 0) return;
  char text[4096];
  say(key + ".type", kind(now.st_mode));
  std::snprintf(text, sizeof text, "%04o", now.st_mode & 07777);
  say(key + ".mode", text);
  say(key + ".owner", std::to_string(now.st_uid) + ":" + std::to_string(now.st_gid));
  say(key + ".size", now.st_size);
  say(key + ".rdev", std::to_string(major(now.st_rdev)) + ":" + std::to_string(minor(now.st_rdev)));
  if (S_ISLNK(now.st_mode)) {
    const ssize_t n = readlink(w[0], text, sizeof text);
    say(key + ".target", std::string(text, n > 0 ? static_cast<std::size_t>(n) : 0));
  }
  struct statfs fs {};
  if (statfs(w[0], &fs) == 0) {
    std::snprintf(text, sizeof text, "0x%lx", static_cast<unsigned long>(fs.f_type));
    say(key + ".fs", text);
  }
}

/// Reads at most 4 KiB, never waiting.
void read_verb(Words w) {
  const std::string key = std::string("read:") + w[0];
  const int fd = open(w[0], O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return say_errno(key, fd);
  char buffer[4096];
  const ssize_t n = read(fd, buffer, sizeof buffer);
  say_errno(key, n);
  if (n >= 0) say(key + ".data", std::string_view(buffer, static_cast<std::size_t>(n)));
  close(fd);
}

/// Every line of a file as "line:PATH=...".
void cat(Words w) {
  const std::string text = slurp(w[0]);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    say(std::string("line:") + w[0], text.substr(at, end - at));
    at = end + 1;
  }
}

/// Writes into a file that exists.
void write_verb(Words w) {
  const std::string key = std::string("write:") + w[0];
  const int fd = open(w[0], O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return say_errno(key, fd);
  say_errno(key, write(fd, w[1], std::strlen(w[1])));
  close(fd);
}

void create(Words w) {
  const int fd = open(w[0], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  say_errno(std::string("create:") + w[0], fd);
  if (fd >= 0) close(fd);
}

void mkdir_verb(Words w) { say_errno(std::string("mkdir:") + w[0], mkdir(w[0], 0777)); }
void unlink_verb(Words w) { say_errno(std::string("unlink:") + w[0], unlink(w[0])); }
void umount_verb(Words w) { say_errno(std::string("umount:") + w[0], umount2(w[0], MNT_DETACH)); }
void chown_verb(Words w) {
  say_errno(std::string("chown:") + w[0],
            chown(w[0], static_cast<uid_t>(number(w[1])), static_cast<gid_t>(number(w[2]))));
}

/// mount TYPE TARGET
void mount_verb(Words w) { say_errno(std::string("mount:") + w[1], mount(w[0], w[1], w[0], 0, nullptr)); }

/// remount-rw TARGET: tries to get a read-only mount writable.
void remount(Words w) {
  say_errno(std::string("remount:") + w[0], mount(nullptr, w[0], nullptr, MS_REMOUNT | MS_BIND, nullptr));
}

/// mknod PATH c|b|p MAJOR MINOR
void mknod_verb(Words w) {
  const mode_t mode = *w[1] == 'c' ? S_IFCHR : *w[1] == 'b' ? S_IFBLK : S_IFIFO;
  const dev_t device = makedev(static_cast<unsigned>(number(w[2])), static_cast<unsigned>(number(w[3])));
  say_errno(std::string("mknod:") + w[0], mknod(w[0], mode | 0666, device));
}

void list(Words w) {
  DIR* dir = opendir(w[0]);
  if (dir == nullptr) return say_errno(std::string("list:") + w[0], -1);
  std::vector<std::string> names;
  while (const dirent* entry = readdir(dir))
    if (std::string_view name = entry->d_name; name != "." && name != "..") names.emplace_back(name);
  closedir(dir);
  std::sort(names.begin(), names.end());
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : " ") + name;
  say(std::string("list:") + w[0], text);
}

/// fd.N for every descriptor that is open here, and fd.count. Needs no /proc: it tries every number.
void fds(Words) {
  long count = 0;
  for (int fd = 0; fd < 4096; ++fd) {
    if (fcntl(fd, F_GETFD) < 0) continue;
    ++count;
    char target[512] = "";
    const ssize_t n = readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), target, sizeof target);
    say("fd." + std::to_string(fd), std::string(target, n > 0 ? static_cast<std::size_t>(n) : 0));
  }
  say("fd.count", count);
}

/// Reads from a descriptor that was passed in.
void read_fd(Words w) {
  char buffer[512];
  const ssize_t n = read(static_cast<int>(number(w[0])), buffer, sizeof buffer);
  say_errno(std::string("read_fd:") + w[0], n);
  if (n >= 0) say(std::string("read_fd:") + w[0] + ".data", std::string(buffer, static_cast<std::size_t>(n)));
}

constexpr Verb verbs[] = {
    {"stat", 1, stat_verb},
    {"read", 1, read_verb},
    {"cat", 1, cat},
    {"write", 2, write_verb},
    {"create", 1, create},
    {"mkdir", 1, mkdir_verb},
    {"unlink", 1, unlink_verb},
    {"umount", 1, umount_verb},
    {"chown", 3, chown_verb},
    {"mount", 2, mount_verb},
    {"remount-rw", 1, remount},
    {"mknod", 4, mknod_verb},
    {"list", 1, list},
    {"fds", 0, fds},
    {"read-fd", 1, read_fd},
};

}  // namespace

std::span<const Verb> file_verbs() { return verbs; }

}  // namespace probe
