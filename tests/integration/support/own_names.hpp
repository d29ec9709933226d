// A bundle that brings its own /etc/resolv.conf and /etc/hosts; the container says "read" of both.
#pragma once
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <string>

#include "bundle.hpp"

namespace lodger::test {

inline void bind_own_names(nlohmann::json& config) {
  for (const char* file : {"resolv.conf", "hosts"})
    config["mounts"].push_back({{"destination", std::string("/etc/") + file},
                                {"source", std::string("own-") + file},
                                {"type", "bind"},
                                {"options", {"bind", "ro"}}});
}

inline void write_own_names(const Bundle& bundle) {
  write_file(bundle.beside("own-resolv.conf"), "nameserver 192.0.2.53\n");
  write_file(bundle.beside("own-hosts"), "192.0.2.1 own\n");
}

inline void check_own_names(const Facts& facts) {
  CHECK(facts["read:/etc/resolv.conf.data"] == "nameserver 192.0.2.53\\n");
  CHECK(facts["read:/etc/hosts.data"] == "192.0.2.1 own\\n");
}

}  // namespace lodger::test
