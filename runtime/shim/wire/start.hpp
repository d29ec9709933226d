// What containerd gives a shim's start, delete and -info on stdin, and what it reads from their stdout.
// Sources: containerd, api/runtime/bootstrap/v1/bootstrap.proto, api/types/introspection.proto,
// api/types/runc/options/oci.proto, api/types/runtimeoptions/v1/api.proto; of 1.x
// runtime/linux/runctypes/runc.proto.
#pragma once
#include "runtime/shim/wire/codec.hpp"

namespace lodger::shim::wire {

struct Extension {
  std::optional<Any> value;
  void fields(auto& visit) { visit(1, value); }
};

/// containerd 2.3 and later. Those before it send the options alone, as an Any.
struct BootstrapParams {
  std::string instance_id, name_space;
  std::int32_t log_level = 0;  // that of Go's slog: -4 debug, 0 information, 4 warnings
  std::string containerd_version, ttrpc_address, grpc_address, binary;
  std::vector<Extension> extensions;
  std::string socket_dir;
  void fields(auto& visit) {
    visit(1, instance_id), visit(2, name_space), visit(3, log_level), visit(4, containerd_version),
        visit(5, ttrpc_address);
    visit(6, grpc_address), visit(7, binary), visit(8, extensions), visit(9, socket_dir);
  }
};

struct BootstrapResult {
  std::int32_t version = 0;
  std::string address, protocol;
  void fields(auto& visit) { visit(1, version), visit(2, address), visit(3, protocol); }
};

/// containerd.runc.v1.Options
struct RuncOptions {
  bool no_pivot_root = false, no_new_keyring = false;
  std::string shim_cgroup;
  std::uint32_t io_uid = 0, io_gid = 0;
  std::string binary_name, root;
  bool systemd_cgroup = false;
  std::string criu_image_path, criu_work_path;
  void fields(auto& visit) {
    visit(1, no_pivot_root), visit(2, no_new_keyring), visit(3, shim_cgroup), visit(4, io_uid);
    visit(5, io_gid), visit(6, binary_name), visit(7, root), visit(9, systemd_cgroup);
    visit(10, criu_image_path), visit(11, criu_work_path);
  }
};

/// containerd.linux.runc.CreateOptions: what clients of containerd 1.x send to a runtime that is not named
/// runc, where streams are to be somebody's (WithUIDOwner, WithGIDOwner) or there shall be no new keyring.
/// Its other members say how to restore.
struct RuncCreateOptions {
  bool no_pivot_root = false, no_new_keyring = false;
  std::string shim_cgroup;
  std::uint32_t io_uid = 0, io_gid = 0;
  void fields(auto& visit) {
    visit(1, no_pivot_root), visit(8, no_new_keyring), visit(9, shim_cgroup), visit(10, io_uid);
    visit(11, io_gid);
  }
};

/// runtimeoptions.v1.Options: what engines send to a shim whose options they do not know, in TOML.
struct RuntimeOptions {
  std::string type_url, config_path, config_body;
  void fields(auto& visit) { visit(1, type_url), visit(2, config_path), visit(3, config_body); }
};

struct RuntimeVersion {
  std::string version, revision;
  void fields(auto& visit) { visit(1, version), visit(2, revision); }
};

/// containerd.types.RuntimeInfo
struct RuntimeInfo {
  std::string name;
  std::optional<RuntimeVersion> version;
  std::optional<Any> options, features;
  std::map<std::string, std::string> annotations;
  void fields(auto& visit) {
    visit(1, name), visit(2, version), visit(3, options), visit(4, features), visit(5, annotations);
  }
};

}  // namespace lodger::shim::wire
