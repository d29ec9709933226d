// The files of one container's folder.
#include "kernel/folder.hpp"

#include <fmt/core.h>
#include <sys/file.h>

#include <vector>

#include "runtime/container/record_json.hpp"
#include "runtime/container/store.hpp"

namespace lodger::container {
namespace {

constexpr const char* state_name = "state.json";
constexpr const char* staged_name = "state.new";
constexpr const char* partial_name = "state.part";
constexpr const char* config_name = "config.json";

kernel::Result<std::string> read_whole(int folder, const char* name) {
  const auto file = TRY(kernel::openat(folder, name, O_RDONLY | O_NOFOLLOW));
  const auto size = static_cast<std::size_t>(TRY(kernel::status(file.get())).st_size);
  std::string text(size + 1, '\0');  // one more than it should need: the end shows in the same read
  std::size_t filled = 0;
  while (const std::size_t n = TRY(kernel::read(file.get(), std::span(text).subspan(filled)))) {
    filled += n;
    if (filled == text.size())
      text.resize(2 * text.size());
    else
      break;
  }
  text.resize(filled);
  return text;
}

/// A folder with files in it.
kernel::Result<> remove_folder(int folder, const char* name) {
  const auto inner = TRY(kernel::openat<kernel::Path>(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  std::vector<std::string> names;
  TRY(kernel::each_name(inner.get(), [&](std::string_view file) { names.emplace_back(file); }));
  for (const auto& file : names) TRY(kernel::unlinkat(inner.get(), file.c_str()));
  return kernel::unlinkat(folder, name, AT_REMOVEDIR);
}

/// A file, or a folder.
kernel::Result<> unlink(int folder, const char* name) {
  const auto gone = kernel::unlinkat(folder, name);
  return !gone && gone.error().code == EISDIR ? remove_folder(folder, name) : gone;
}

}  // namespace

Folder::Folder(Folder&& other) noexcept
    : id_(std::move(other.id_)),
      root_(std::move(other.root_)),
      fd_(std::move(other.fd_)),
      locked_(std::exchange(other.locked_, false)),
      made_(std::exchange(other.made_, false)) {}

Folder& Folder::operator=(Folder&& other) noexcept {
  Folder taken(std::move(other));
  std::swap(id_, taken.id_);
  std::swap(root_, taken.root_);
  std::swap(fd_, taken.fd_);
  std::swap(locked_, taken.locked_);
  std::swap(made_, taken.made_);
  return *this;
}

Folder::~Folder() {
  if (made_) (void)unmake();  // the failure that led here is the one to tell
}

bool Folder::busy() const {
  if (locked_) return false;
  const auto shared = kernel::flock(fd_.get(), LOCK_SH | LOCK_NB);
  if (!shared) return shared.error().code == EWOULDBLOCK;
  (void)kernel::flock(fd_.get(), LOCK_UN);  // cannot fail on a lock that is held
  return false;
}

Outcome<> Folder::stage(const Record& record) const {
  const std::string text = TRY(to_json(record));
  const auto doing = [&] { return fmt::format("writing the state of container {}", id_); };
  // No fsync: the state root is a tmpfs, and no container outlives the machine's boot.
  TRY(explained(kernel::write_file(fd_.get(), partial_name, text), doing()));
  // Killed at any point, we leave the record before or this one, never half of it: delete goes by it.
  return explained(kernel::renameat(fd_.get(), partial_name, fd_.get(), staged_name), doing());
}

Outcome<> Folder::publish() const {
  return explained(kernel::renameat(fd_.get(), staged_name, fd_.get(), state_name),
                   fmt::format("writing the state of container {}", id_));
}

Outcome<> Folder::write(const Record& record) const {
  TRY(stage(record));
  return publish();
}

Outcome<Record> Folder::read() const { return read_from(state_name); }
Outcome<Record> Folder::read_staged() const { return read_from(staged_name); }

Outcome<Record> Folder::read_any() const {
  auto record = read();
  return record ? record : read_staged();
}

Outcome<Record> Folder::read_from(const char* name) const {
  const auto text = read_whole(fd_.get(), name);
  if (!text) {
    if (text.error().code == ENOENT) return refuse("container does not exist", ENOENT);
    return std::unexpected(explain(fmt::format("reading the state of container {}", id_), text.error()));
  }
  auto record = record_from_json(*text);
  if (!record)
    return refuse(fmt::format("reading the state of container {}: {} is damaged: {}; \"delete --force\" "
                              "removes the container",
                              id_, name, record.error().text),
                  EBADMSG);
  return record;
}

Outcome<> Folder::write_config(std::string_view text) const {
  const auto doing = [&] { return fmt::format("keeping the configuration of container {}", id_); };
  const auto file = kernel::openat(fd_.get(), config_name, O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (!file) return std::unexpected(explain(doing(), file.error()));
  return explained(kernel::write_all(file->get(), text), doing());
}

Outcome<std::string> Folder::read_config() const {
  return explained(read_whole(fd_.get(), config_name),
                   fmt::format("reading the configuration of container {}", id_));
}

kernel::Result<> Folder::unmake() const {
  std::vector<std::string> names;
  TRY(kernel::rewind(fd_.get()));  // an earlier try may have read the names
  TRY(kernel::each_name(fd_.get(), [&](std::string_view name) {
    if (name != state_name) names.emplace_back(name);
  }));
  for (const auto& name : names) TRY(unlink(fd_.get(), name.c_str()));
  const auto state = kernel::unlinkat(fd_.get(), state_name);
  if (!state && state.error().code != ENOENT) return state;
  return kernel::unlinkat(root_.get(), id_.c_str(), AT_REMOVEDIR);
}

Outcome<> Folder::remove() && {
  made_ = false;
  return explained(unmake(), fmt::format("removing the state folder of container {}", id_));
}

}  // namespace lodger::container
