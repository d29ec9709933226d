// A temporary folder with files that stand for the host's, gone with the test.
#pragma once
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

#include "netmode/mode.hpp"

namespace lodger::test {

class HostRoom {
 public:
  HostRoom() {
    char name[] = "/tmp/lodger-netmode-XXXXXX";
    if (!::mkdtemp(name)) throw std::runtime_error("mkdtemp");
    folder = name;
  }
  HostRoom(const HostRoom&) = delete;
  HostRoom& operator=(const HostRoom&) = delete;
  ~HostRoom() {
    for (auto it = made_.rbegin(); it != made_.rend(); ++it) ::remove(it->c_str());
    ::rmdir(folder.c_str());
  }

  /// Writes a file, making its folders.
  std::string file(const std::string& name, const std::string& text) {
    for (auto slash = name.find('/'); slash != name.npos; slash = name.find('/', slash + 1)) {
      const auto parent = folder + "/" + name.substr(0, slash);
      if (::mkdir(parent.c_str(), 0700) == 0) made_.push_back(parent);
    }
    const auto path = folder + "/" + name;
    std::FILE* out = std::fopen(path.c_str(), "we");
    if (!out || std::fwrite(text.data(), 1, text.size(), out) != text.size()) throw std::runtime_error(path);
    std::fclose(out);
    made_.push_back(path);
    return path;
  }
  std::string link(const std::string& name, const std::string& target) {
    const auto path = folder + "/" + name;
    if (::symlink(target.c_str(), path.c_str()) != 0) throw std::runtime_error(path);
    made_.push_back(path);
    return path;
  }

  std::string folder;

 private:
  std::vector<std::string> made_;
};

inline netmode::Request asking(netmode::Mode mode, std::vector<std::string> publish = {}, bool all = false) {
  netmode::Request request;
  request.mode = std::move(mode);
  request.publish = std::move(publish);
  request.publish_all = all;
  return request;
}

/// A configuration with the given namespaces.
inline spec::Config config_with(std::vector<spec::Namespace> namespaces) {
  spec::Config config;
  config.linux.emplace().namespaces = std::move(namespaces);
  return config;
}

}  // namespace lodger::test
