#include "cgroups/apply.hpp"

#include <fmt/core.h>

#include "cgroups/files.hpp"

namespace lodger::cgroups {

const Folder* Places::find(std::string_view controller) const {
  if (layout_.kind == Kind::v2) return &folders_.front();
  for (std::size_t i = 0; i < layout_.hierarchies.size(); ++i)
    if (layout_.hierarchies[i].has(controller)) return &folders_[i];
  return nullptr;
}

namespace {

/// Keeps the last file open, since device rules are many writes to one file.
class Writer {
 public:
  kernel::Result<> write(const Folder& folder, const std::string& file, std::string_view value) {
    if (&folder != folder_ || file != name_) {
      folder_ = nullptr;
      file_ = TRY(kernel::openat(folder.parent.get(), folder.entry(file).c_str(), O_WRONLY));
      folder_ = &folder;
      name_ = file;
    }
    return kernel::write_once(file_.get(), value);
  }

 private:
  kernel::Fd<kernel::File> file_;
  const Folder* folder_ = nullptr;
  std::string name_;
};

kernel::Result<> write(Writer& writer, const Setting& s, const Folder& folder) {
  auto written = writer.write(folder, s.file, s.value);
  if (written || written.error().code != ENOENT) return written;
  if (s.optional || s.is_default) return {};  // what a kernel cannot limit is unlimited
  return s.other_file.empty() ? written : writer.write(folder, s.other_file, s.other_value);
}

/// The text of a file beside the container's cgroup, in its parent.
std::string of_parent(const Folder& folder, const std::string& file) {
  return read_text(folder.parent.get(), file).value_or("");
}

bool is_there(const Folder& folder) {
  return kernel::faccessat(folder.parent.get(), folder.name.c_str(), F_OK).has_value();
}

/// What a limit of v1 is held against.
std::string usage_file(std::string_view limit_file) {
  return std::string(limit_file.substr(0, limit_file.find(".limit_in_bytes"))) + ".usage_in_bytes";
}

/// Either of v1's two limits may be the one that does not fit to the other.
std::string memory_hint(const Setting& s, const Folder& folder, int code) {
  const auto bytes = [&](const std::string& file) {
    return read_text(folder.parent.get(), folder.entry(file)).value_or("?");
  };
  if (code == EBUSY) return fmt::format("in use: {} bytes", bytes(usage_file(s.file)));
  if (code != EINVAL) return "";
  constexpr std::string_view rule = "memory alone may not be allowed more than memory and swap together";
  if (s.file.starts_with("memory.memsw."))
    return fmt::format("{}: memory alone is allowed {} bytes", rule, bytes("memory.limit_in_bytes"));
  return s.file == "memory.limit_in_bytes"
             ? fmt::format("{}, which is {} bytes", rule, bytes("memory.memsw.limit_in_bytes"))
             : "";
}

/// tg_set_cfs_bandwidth() and sched_group_set_shares() of the kernel's kernel/sched.
std::string cpu_hint(std::string_view file) {
  if (file == "cpu.cfs_quota_us" || file == "cpu.cfs_period_us" || file == "cpu.max")
    return "the least quota is 1000 us, a period is 1000 to 1000000 us long, and on v1 no share may be above "
           "that of the parent";
  if (file == "cpu.cfs_burst_us" || file == "cpu.max.burst") return "a burst is at most the quota";
  if (file == "cpu.shares" || file == "cpu.weight")
    return "an idle cgroup has none: set cpu.idle to 0 as well";
  return "";
}

/// What helps, where it is known; else empty.
std::string hint(const Setting& s, const Folder& folder, int code) {
  if (code == ENOENT && !is_there(folder))
    return "the cgroup is gone: the container has ended meanwhile, be it for lack of memory";
  if (code == ENOENT && s.file.starts_with("memory.memsw."))
    return "swap accounting is off: boot with swapaccount=1";
  const bool weight = s.file.find(".bfq.") != s.file.npos;
  if (code == ENOENT && weight) return "weights need the BFQ scheduler, which this kernel has not loaded";
  if (code == ENOENT) return "this kernel has no such file";
  if (weight && code == EOPNOTSUPP)
    return "the disk's scheduler is not BFQ: see queue/scheduler in its sysfs";
  if (s.file == "cpuset.cpus" || s.file == "cpuset.mems") {
    auto allowed = of_parent(folder, s.file + ".effective");
    if (allowed.empty()) allowed = of_parent(folder, s.file);
    return allowed.empty() ? "" : fmt::format("the parent allows {}", allowed);
  }
  if (s.file == "cpu.rt_runtime_us" && code == EINVAL)
    return fmt::format("the parent has {} us to give", of_parent(folder, s.file));
  if (s.controller == "rdma" && (code == ENODEV || code == EINVAL))
    return "is there an RDMA device of this name? see /sys/class/infiniband";
  if (s.controller == "net_prio" && code == ENODEV) return "there is no such network interface here";
  if (s.controller == "devices" && code == EPERM) return "the parent cgroup has not got this device itself";
  if (s.file.starts_with("memory.") && s.file.ends_with("limit_in_bytes"))
    return memory_hint(s, folder, code);
  return code == EINVAL ? cpu_hint(s.file) : "";
}

Failure describe(const Setting& s, const Folder& folder, std::string_view cgroup, int code) {
  auto text = fmt::format("cgroup {}: {}: write \"{}\": {}", cgroup, s.file, s.value, error_text(code));
  if (const auto help = hint(s, folder, code); !help.empty()) text += fmt::format(" ({})", help);
  return {std::move(text), code};
}

}  // namespace

Failure without_controller(const Setting& setting, std::string_view cgroup) {
  return {
      fmt::format("cgroup {}: {}: the {} controller is not mounted on this machine, or not open to this user",
                  cgroup, setting.file, setting.controller),
      ENOENT};
}

Outcome<> apply(const std::vector<Setting>& settings, const Places& places, std::string_view cgroup) {
  Writer writer;
  std::vector<const Setting*> again;
  for (const auto& s : settings) {
    const Folder* folder = places.find(s.controller);
    if (s.is_default && (!folder || folder->fresh)) continue;
    if (!folder) return std::unexpected(without_controller(s, cgroup));
    const auto written = write(writer, s, *folder);
    if (written) continue;
    const int code = written.error().code;
    if (code != EINVAL && code != EBUSY) return std::unexpected(describe(s, *folder, cgroup, code));
    again.push_back(&s);
  }
  for (const Setting* s : again) {
    const Folder& folder = *places.find(s->controller);
    if (const auto written = write(writer, *s, folder); !written)
      return std::unexpected(describe(*s, folder, cgroup, written.error().code));
  }
  return {};
}

}  // namespace lodger::cgroups
