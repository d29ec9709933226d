#include "runtime/shim/streams.hpp"

#include <fmt/core.h>

#include "kernel/time.hpp"

namespace lodger::shim {

using kernel::cwd;

namespace {

constexpr std::int64_t patience_ns = 3'000'000'000;

}  // namespace

Outcome<std::unique_ptr<Streams>> Streams::open(Loop& loop, StreamNames names, const StreamOwner& owner,
                                                const LoggerCall& call, const container::Notices& notices) {
  std::unique_ptr<Streams> streams(new Streams(loop, std::move(names)));
  TRY(streams->open_input(owner));
  TRY(streams->open_outputs(owner, call, notices));
  // A stream that nobody named, and a terminal's, are not the shim's own.
  const auto null = TRY(explained(kernel::openat(cwd, "/dev/null", O_RDWR), "opening /dev/null"));
  for (auto& fd : streams->given_)
    if (!fd) fd = TRY(explained(kernel::duplicate(null), "opening /dev/null"));
  return streams;
}

Outcome<> Streams::open_input(const StreamOwner& owner) {
  const auto& name = names_.in;
  if (name.empty()) return {};
  const auto doing = fmt::format("opening the standard input {}", name);
  auto reader = TRY(explained(kernel::openat(cwd, name.c_str(), O_RDONLY | O_NONBLOCK), doing));
  const auto what = TRY(explained(kernel::status(reader.get()), doing));
  if (names_.terminal && !S_ISFIFO(what.st_mode))
    return refuse(fmt::format("{}: for a terminal it has to be a FIFO", doing), EINVAL);
  if (S_ISFIFO(what.st_mode))
    input_writer_ = TRY(explained(kernel::openat(cwd, name.c_str(), O_WRONLY | O_NONBLOCK), doing));
  if (names_.terminal) {
    pending_.push_back({std::move(reader), {}, false});
  } else if (owner.between && S_ISFIFO(what.st_mode)) {
    given_[0] = TRY(between(std::move(reader), owner, true));
  } else {
    TRY(explained(kernel::block(reader.get(), true), doing));
    given_[0] = std::move(reader);
  }
  return {};
}

Outcome<kernel::Fd<kernel::File>> Streams::output(const std::string& name, const OutputCall& call,
                                                  const container::Notices& notices) {
  auto [writer, reader, awaits_client] = TRY(open_output(name, call));
  if (awaits_client)
    notices(fmt::format("{}: nobody has come to read it: what is written there may be lost", name));
  if (reader) readers_.push_back(std::move(reader));
  return std::move(writer);
}

Outcome<> Streams::open_outputs(const StreamOwner& owner, const LoggerCall& call,
                                const container::Notices& notices) {
  File out, err;
  bool passes = names_.terminal;
  if (names_logger(names_.out)) {
    auto begun = TRY(start_logger(names_.out, call));
    logger_.emplace(std::move(begun.logger));
    out = std::move(begun.out);
    err = std::move(begun.err);
    if (passes) TRY(explained(kernel::block(out.get(), false), "passing output to a program"));
  } else {
    passes |= owner.between;
    const OutputCall how{passes, call.interrupt, kernel::monotonic_ns() + patience_ns};
    if (!names_.out.empty()) out = TRY(output(names_.out, how, notices));
    if (names_.err == names_.out && out)
      err = TRY(explained(kernel::duplicate(out), "opening the standard error"));
    else if (!names_.err.empty() && !names_.terminal)
      err = TRY(output(names_.err, how, notices));
  }
  if (names_.terminal) {
    if (out) pending_.push_back({{}, std::move(out), true});
    return {};
  }
  if (out) given_[1] = passes ? TRY(between(std::move(out), owner, false)) : std::move(out);
  if (err) given_[2] = passes ? TRY(between(std::move(err), owner, false)) : std::move(err);
  return {};
}

/// A pipe whose other end the shim serves; gives the process's end.
Outcome<kernel::Fd<kernel::File>> Streams::between(File outer, const StreamOwner& owner, bool input) {
  constexpr std::string_view doing = "making a pipe for a process's stream";
  auto [reader, writer] = TRY(explained(kernel::pipe(), doing));
  auto& inner = input ? reader : writer;
  auto& ours = input ? writer : reader;
  TRY(explained(kernel::fchownat(inner.get(), "", owner.uid, owner.gid, AT_EMPTY_PATH), doing));
  TRY(explained(kernel::block(ours.get(), false), doing));
  if (input)
    pending_.push_back({std::move(outer), std::move(ours), false});
  else
    pending_.push_back({std::move(ours), std::move(outer), true});
  return std::move(inner);
}

launch::Streams Streams::given() const {
  if (names_.terminal) return launch::our_streams;
  return {given_[0].get(), given_[1].get(), given_[2].get()};
}

Outcome<> Streams::born(kernel::Fd<kernel::Terminal> master) {
  for (auto& fd : given_) fd = {};
  if (logger_) logging_ = logger_->keep();
  master_ = std::move(master);
  if (master_) TRY(explained(kernel::block(master_.get(), false), "serving a terminal"));
  for (auto& [from, to, output] : std::exchange(pending_, {})) {
    for (auto* end : {&from, &to})
      if (!*end) *end = TRY(explained(kernel::duplicate(master_), "serving a terminal")).as<kernel::File>();
    TRY(pump(std::move(from), std::move(to), output));
  }
  return {};
}

Outcome<> Streams::pump(File from, File to, bool output) {
  Pump::Done done;
  if (output)
    done = [this] {
      --draining_;
      // Later, since it may destroy the pump that tells us of its end.
      if (draining_ == 0 && drained_) loop_.after(std::chrono::milliseconds(0), std::exchange(drained_, {}));
    };
  pumps_.push_back(TRY(Pump::start(loop_, std::move(from), std::move(to), std::move(done))));
  draining_ += output ? 1 : 0;
  return {};
}

void Streams::close_input() { input_writer_ = {}; }

Outcome<> Streams::resize(std::uint32_t width, std::uint32_t height) const {
  if (!master_) return refuse("the process has no terminal", EINVAL);
  const winsize size{static_cast<unsigned short>(height), static_cast<unsigned short>(width), 0, 0};
  return explained(kernel::set_window_size(master_.get(), size), "resizing a terminal");
}

void Streams::when_drained(Pump::Done then) {
  drained_ = nullptr;
  for (const auto& pump : pumps_) pump->finish();
  if (draining_ == 0 && then) return then();
  drained_ = std::move(then);
}

kernel::Fd<kernel::Process> Streams::close() {
  input_writer_ = {};
  pending_.clear();  // of one that could not be served
  pumps_.clear();
  readers_.clear();
  return std::move(logging_);
}

}  // namespace lodger::shim
