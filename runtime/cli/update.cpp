#include "runtime/container/update.hpp"

#include <fmt/core.h>

#include <array>

#include "kernel/file.hpp"
#include "runtime/cli/command.hpp"
#include "runtime/cli/quantity.hpp"
#include "runtime/container/source.hpp"
#include "spec/check.hpp"
#include "spec/parse.hpp"

namespace lodger::cli {
namespace {

using spec::Resources;

template <class T>
T& part(std::optional<T>& object) {
  return object ? *object : object.emplace();
}
template <class T>
Outcome<> number(std::string_view flag, std::string_view text, std::optional<T>& into) {
  into = TRY(parse_integer<T>(flag, text));
  return {};
}
Outcome<> bytes(std::string_view flag, std::string_view text, std::optional<std::int64_t>& into) {
  into = TRY(parse_bytes(flag, text));
  return {};
}

using Text = std::string_view;

/// One flag and the property that it sets.
struct Limit {
  Text flag, value, help;
  Outcome<> (*take)(Text flag, Text text, Resources& r);
};
constexpr Limit limits[] = {
    {"blkio-weight", "N", "weight of block I/O, 1 to 1000",
     [](Text f, Text t, Resources& r) { return number(f, t, part(r.block_io).weight); }},
    {"cpu-period", "USEC", "period that --cpu-quota is for",
     [](Text f, Text t, Resources& r) { return number(f, t, part(r.cpu).period); }},
    {"cpu-quota", "USEC", "time of processors in each period; -1: no limit",
     [](Text f, Text t, Resources& r) { return number(f, t, part(r.cpu).quota); }},
    {"cpu-burst", "USEC", "what may be saved up of the quota",
     [](Text f, Text t, Resources& r) { return number(f, t, part(r.cpu).burst); }},
    {"cpu-share", "N", "share of processors, 2 to 262144",
     [](Text f, Text t, Resources& r) { return number(f, t, part(r.cpu).shares); }},
    {"cpu-rt-period", "USEC", "period that --cpu-rt-runtime is for",
     [](Text f, Text t, Resources& r) { return number(f, t, part(r.cpu).realtime_period); }},
    {"cpu-rt-runtime", "USEC", "realtime scheduling in each period",
     [](Text f, Text t, Resources& r) { return number(f, t, part(r.cpu).realtime_runtime); }},
    {"cpuset-cpus", "LIST", "processors that it may use: 0-3,7",
     [](Text, Text t, Resources& r) -> Outcome<> { return part(r.cpu).cpus = t, Outcome<>{}; }},
    {"cpuset-mems", "LIST", "memory nodes that it may use",
     [](Text, Text t, Resources& r) -> Outcome<> { return part(r.cpu).mems = t, Outcome<>{}; }},
    {"cpu-idle", "0|1", "1: only processors that nobody else wants",
     [](Text f, Text t, Resources& r) { return number(f, t, part(r.cpu).idle); }},
    {"memory", "BYTES", "limit of memory, also with a unit: 512M; -1: no limit",
     [](Text f, Text t, Resources& r) { return bytes(f, t, part(r.memory).limit); }},
    {"memory-reservation", "BYTES", "memory that is left to it when memory is short",
     [](Text f, Text t, Resources& r) { return bytes(f, t, part(r.memory).reservation); }},
    {"memory-swap", "BYTES", "limit of memory and swap together; -1: no limit",
     [](Text f, Text t, Resources& r) { return bytes(f, t, part(r.memory).swap); }},
    {"pids-limit", "N", "number of processes; -1: no limit",
     [](Text f, Text t, Resources& r) { return number(f, t, part(r.pids).limit); }},
};

/// Flags of others that have no effect any more.
struct Special {
  std::string kernel_memory, kernel_memory_tcp;
};

void take_special(const Special& special, const container::Notices& notices) {
  if (!special.kernel_memory.empty() || !special.kernel_memory_tcp.empty())
    notices(
        "update: kernel memory settings are ignored: the kernel has no limit for it any more, --memory "
        "counts it "
        "in");
}

/// At most 1 MiB of stdin.
Outcome<std::string> read_stdin() {
  constexpr std::size_t most = 1 << 20;
  constexpr std::string_view doing = "reading resources from stdin";
  std::string text;
  char buffer[4096];
  while (const std::size_t n = TRY(explained(kernel::read(0, buffer), doing))) {
    text.append(buffer, n);
    if (text.size() > most) return refuse(fmt::format("{}: more than {} bytes", doing, most), EFBIG);
  }
  return text;
}

Outcome<Resources> resources_of(const std::string& file, const container::Notices& notices) {
  const auto text = TRY(file == "-" ? read_stdin() : container::read_file(file));
  std::vector<std::string> remarks;
  auto resources = TRY(spec::parse_resources(text, &remarks));
  for (const auto& remark : remarks) notices(remark);
  return resources;
}

void tell_if_empty(const Resources& resources, const spec::IntelRdt& shares, const std::string& file,
                   const container::Notices& notices) {
  if (resources != Resources{} || !shares.l3_cache_schema.empty() || !shares.mem_bw_schema.empty()) return;
  notices(file.empty() ? "update: no limit is named, so nothing changes"
                       : "update: --resources names no limit, so nothing changes: wanted is what "
                         "linux.resources holds, as in {\"memory\": {\"limit\": 67108864}}");
}

}  // namespace

Outcome<int> update(const Context& context, Words words) {
  std::string file;
  Special special;
  spec::IntelRdt shares;
  std::array<std::string, std::size(limits)> texts;
  std::vector<Flag> flags{
      {"resources", 'r', "FILE", "take linux.resources from FILE (-: stdin) and no other flag", &file}};
  for (std::size_t i = 0; i < texts.size(); ++i)
    flags.push_back({limits[i].flag, 0, limits[i].value, limits[i].help, &texts[i]});
  const Flag others[] = {
      {"l3-cache-schema", 0, "SCHEMA", "Intel RDT: share of the L3 cache, such as L3:0=ff;1=f0",
       &shares.l3_cache_schema},
      {"mem-bw-schema", 0, "SCHEMA", "Intel RDT: memory bandwidth, such as MB:0=20;1=70",
       &shares.mem_bw_schema},
      {"kernel-memory", 0, "BYTES", "", &special.kernel_memory},
      {"kernel-memory-tcp", 0, "BYTES", "", &special.kernel_memory_tcp},
  };
  flags.insert(flags.end(), std::begin(others), std::end(others));
  const Usage usage{"update", "<container-id>", "Changes the limits of a container; what is not named stays.",
                    1, 1};
  const auto given = TRY(arguments(context, words, usage, flags));
  if (!given) return 0;

  Resources resources;
  if (!file.empty()) {
    resources = TRY(resources_of(file, context.notices));
    shares = {};
  } else {
    take_special(special, context.notices);
    for (std::size_t i = 0; i < texts.size(); ++i)
      if (!texts[i].empty()) TRY(limits[i].take(fmt::format("--{}", limits[i].flag), texts[i], resources));
  }
  for (const auto& remark : spec::remarks(resources)) context.notices(remark);
  if (special.kernel_memory.empty() && special.kernel_memory_tcp.empty())
    tell_if_empty(resources, shares, file, context.notices);
  TRY(container::update(context.store, std::string(given->words.front()), resources, shares));
  return 0;
}

}  // namespace lodger::cli
