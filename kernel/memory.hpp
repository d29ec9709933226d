// Memory that is a file. memfd_create(2), mmap(2), file sealing of fcntl(2).
#pragma once
#include <linux/memfd.h>
#include <sys/mman.h>

#include "kernel/file.hpp"

// Linux 6.3, younger than Debian 12's headers: memfd_create(2).
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#define MFD_EXEC 0x0010U
#endif

namespace lodger::kernel {

/// memfd_create(2); a kernel before 6.3 gets the flags without MFD_EXEC and MFD_NOEXEC_SEAL.
inline Result<Fd<Memory>> memfd(const char* name, unsigned flags) {
  auto file = opened<Memory>("memfd_create", __NR_memfd_create, name, flags | MFD_CLOEXEC);
  if (file || file.error().code != EINVAL) return file;
  const unsigned older = flags & ~(MFD_EXEC | MFD_NOEXEC_SEAL);
  return opened<Memory>("memfd_create", __NR_memfd_create, name, older | MFD_CLOEXEC);
}
/// Nobody can change content, size or seals from here on.
inline Result<> seal(const Fd<Memory>& memory) {
  return done("fcntl F_ADD_SEALS", __NR_fcntl, memory.get(), F_ADD_SEALS,
              F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
}
/// Nobody can change its size from here on.
inline Result<> seal_size(const Fd<Memory>& memory) {
  return done("fcntl F_ADD_SEALS", __NR_fcntl, memory.get(), F_ADD_SEALS,
              F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW);
}
/// Maps it shared, readable and writable, at exactly this address; EEXIST when something is there.
inline Result<> map_shared_at(int memory, std::uintptr_t address, std::size_t size) {
  return done("mmap", __NR_mmap, address, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED_NOREPLACE,
              memory, 0);
}
inline Result<> unmap(std::uintptr_t address, std::size_t size) {
  return done("munmap", __NR_munmap, address, size);
}

}  // namespace lodger::kernel
