#include "runtime/plan/memory.hpp"

namespace lodger::plan {

kernel::Result<Memory> Memory::make() {
  auto file = TRY(kernel::memfd("plan", MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL));
  TRY(kernel::ftruncate(file.get(), init::plan_size));
  TRY(kernel::seal_size(file));  // a file that shrinks below a mapping is SIGBUS for who reads there
  TRY(kernel::map_shared_at(file.get(), init::plan_address, init::plan_size));
  return Memory(std::move(file));
}

Memory::~Memory() {
  if (file_) (void)kernel::unmap(init::plan_address, init::plan_size);
}

void* Memory::take(std::size_t size, std::size_t alignment) {
  const std::size_t at = (used_ + alignment - 1) / alignment * alignment;
  if (at > init::plan_size || size > init::plan_size - at) throw std::bad_alloc();
  used_ = at + size;
  return reinterpret_cast<void*>(init::plan_address + at);
}

std::span<const char> Memory::bytes(std::string_view text) {
  const auto to = array<char>(text.size() + 1);
  std::copy(text.begin(), text.end(), to.begin());
  return to.first(text.size());
}

init::Name* Memory::names(const std::vector<std::string>& texts, std::size_t spare) {
  const auto to = array<init::Name>(texts.size() + spare + 1);
  for (std::size_t i = 0; i < texts.size(); ++i) to[i] = text(texts[i]);
  return to.data();
}

}  // namespace lodger::plan
