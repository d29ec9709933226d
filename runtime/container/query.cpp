#include "runtime/container/query.hpp"

#include <fmt/core.h>

namespace lodger::container {

Outcome<Entry> observe(const Folder& folder) {
  Entry entry;
  entry.record = TRY(folder.read());
  entry.status = TRY(status_of(folder, entry.record));
  const auto config = folder.read_config();
  if (config)
    entry.annotations = TRY(annotations_of(*config));
  else if (config.error().code != ENOENT)  // none yet while the container is being created
    return std::unexpected(config.error());
  return entry;
}

Outcome<Entry> observe(const Store& store, const std::string& id) { return observe(TRY(store.look(id))); }

Outcome<Listing> list(const Store& store) {
  Listing listing;
  for (const auto& id : TRY(store.ids())) {
    const auto folder = store.look(id);
    auto entry = folder ? observe(*folder) : std::unexpected(folder.error());
    if (entry)
      listing.entries.push_back(std::move(*entry));
    else if (entry.error().code == ENOENT && (!folder || folder->busy()))
      continue;  // deleted since its name was read, or not yet there
    else
      listing.broken.push_back(fmt::format("load container {}: {}", id, entry.error().text));
  }
  return listing;
}

}  // namespace lodger::container
