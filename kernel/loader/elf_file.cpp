// SPDX-License-Identifier: Apache-2.0
#include "loader/elf_file.hpp"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <type_traits>

namespace sluice::loader {

namespace {

constexpr std::size_t kNeededMax = 256;
constexpr std::size_t kSymbolsMax = 1'000'000;
constexpr std::size_t kSymbolNameMax = 64u << 10;  // C++ names grow long
constexpr std::string_view kNoteOwner{"sluice\0", 7};

#if defined(__x86_64__)
constexpr Elf64_Half kMachine = EM_X86_64;
constexpr const char* kMachineName = "x86-64";
#elif defined(__aarch64__)
constexpr Elf64_Half kMachine = EM_AARCH64;
constexpr const char* kMachineName = "aarch64";
#else
#error "add this machine to the loader's ELF check"
#endif

struct Refused {
  std::string what;
};

class Parser {
 public:
  explicit Parser(std::string_view bytes) : bytes_(bytes) {}

  ElfFile parse() {
    read_header();
    for (const auto& segment : segments_) {
      if (segment.p_type == PT_NOTE) read_notes(segment);
    }
    for (const auto& segment : segments_) {
      if (segment.p_type == PT_DYNAMIC) read_dynamic(segment);
    }
    return std::move(file_);
  }

 private:
  // The one way to the bytes: a copy of a T, or a refusal.
  template <class T>
  T read(std::uint64_t offset) const {
    static_assert(std::is_trivially_copyable_v<T>);
    if (offset > bytes_.size() || sizeof(T) > bytes_.size() - offset) {
      throw Refused{"the file is truncated"};
    }
    T value;
    std::memcpy(&value, bytes_.data() + offset, sizeof value);
    return value;
  }
  std::string_view read_bytes(std::uint64_t offset, std::uint64_t size) const {
    if (offset > bytes_.size() || size > bytes_.size() - offset) {
      throw Refused{"the file is truncated"};
    }
    return bytes_.substr(offset, size);
  }
  std::string read_name(std::uint64_t offset) const {
    if (offset >= bytes_.size()) throw Refused{"the file is truncated"};
    const auto window = bytes_.substr(offset, kSymbolNameMax);
    const auto end = window.find('\0');
    if (end == window.npos) throw Refused{"a name in it has no end"};
    return std::string(window.substr(0, end));
  }

  // Where in the file the byte lies that will be at `address`, and how many follow it there.
  struct Place {
    std::uint64_t offset = 0, size = 0;
  };
  Place find_place(std::uint64_t address) const {
    for (const auto& segment : segments_) {
      if (segment.p_type != PT_LOAD || address < segment.p_vaddr) continue;
      const std::uint64_t ahead = address - segment.p_vaddr;
      if (ahead >= segment.p_filesz) continue;
      return {segment.p_offset + ahead, segment.p_filesz - ahead};
    }
    throw Refused{"an address in it lies outside the file"};
  }

  void read_header() {
    if (bytes_.substr(0, SELFMAG) != std::string_view(ELFMAG, SELFMAG)) {
      throw Refused{"it is not an ELF file"};
    }
    const auto header = read<Elf64_Ehdr>(0);
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
        header.e_machine != kMachine) {
      throw Refused{std::string("it is built for another machine, and this one is ") +
                    kMachineName};
    }
    if (header.e_type != ET_DYN) throw Refused{"it is not a shared library"};
    if (header.e_phentsize != sizeof(Elf64_Phdr)) throw Refused{"its program headers are damaged"};
    segments_.reserve(header.e_phnum);  // 16 bits: bounded by its type
    for (std::uint64_t i = 0; i < header.e_phnum; ++i) {
      if (header.e_phoff > bytes_.size()) throw Refused{"the file is truncated"};
      segments_.push_back(read<Elf64_Phdr>(header.e_phoff + i * sizeof(Elf64_Phdr)));
    }
    // Mapping a segment that the file does not hold would end in SIGBUS, and a copy that broke off
    // lacks the section headers at its end.
    for (const auto& segment : segments_) {
      if (segment.p_type == PT_LOAD) read_bytes(segment.p_offset, segment.p_filesz);
    }
    if (header.e_shoff != 0) {
      read_bytes(header.e_shoff, std::uint64_t{header.e_shnum} * header.e_shentsize);
    }
    // A position-independent executable is ET_DYN too; only it asks for an interpreter.
    for (const auto& segment : segments_) {
      if (segment.p_type == PT_INTERP) throw Refused{"it is a program, not a shared library"};
    }
  }

  void read_notes(const Elf64_Phdr& segment) {
    const auto align4 = [](std::uint64_t n) { return (n + 3) & ~std::uint64_t{3}; };
    const auto notes = read_bytes(segment.p_offset, segment.p_filesz);
    for (std::uint64_t at = 0; at + sizeof(Elf64_Nhdr) <= notes.size();) {
      const auto note = read<Elf64_Nhdr>(segment.p_offset + at);
      const std::uint64_t owner = at + sizeof(Elf64_Nhdr);
      const std::uint64_t content = owner + align4(note.n_namesz);
      const std::uint64_t next = content + align4(note.n_descsz);
      if (next > notes.size()) return;  // the linker does not mind a bad note; it is not ours
      if (note.n_type == 1 && notes.substr(owner, note.n_namesz) == kNoteOwner &&
          note.n_descsz >= 2 * sizeof(std::uint32_t)) {
        const auto words = segment.p_offset + content;
        file_.note = ElfFile::Note{read<std::uint32_t>(words), read<std::uint32_t>(words + 4)};
      }
      at = next;
    }
  }

  void read_dynamic(const Elf64_Phdr& segment) {
    std::uint64_t strings = 0, symbols = 0, gnu_hash = 0, sysv_hash = 0;
    std::vector<std::uint64_t> needed;
    const auto entries = read_bytes(segment.p_offset, segment.p_filesz).size() / sizeof(Elf64_Dyn);
    for (std::uint64_t i = 0; i < entries; ++i) {
      const auto entry = read<Elf64_Dyn>(segment.p_offset + i * sizeof(Elf64_Dyn));
      if (entry.d_tag == DT_NULL) break;
      if (entry.d_tag == DT_STRTAB) strings = entry.d_un.d_ptr;
      if (entry.d_tag == DT_SYMTAB) symbols = entry.d_un.d_ptr;
      if (entry.d_tag == DT_GNU_HASH) gnu_hash = entry.d_un.d_ptr;
      if (entry.d_tag == DT_HASH) sysv_hash = entry.d_un.d_ptr;
      if (entry.d_tag == DT_NEEDED) needed.push_back(entry.d_un.d_val);
      if (needed.size() > kNeededMax) throw Refused{"it wants too many libraries"};
    }
    if (strings == 0 || symbols == 0) throw Refused{"its dynamic section is damaged"};
    const Place names = find_place(strings);
    const auto name_at = [&](std::uint64_t i) {
      if (i >= names.size) throw Refused{"a name in it lies outside its table"};
      return read_name(names.offset + i);
    };
    for (const auto i : needed) file_.needed.push_back(name_at(i));

    const std::uint64_t count = gnu_hash    ? count_by_gnu_hash(find_place(gnu_hash))
                                : sysv_hash ? read<std::uint32_t>(find_place(sysv_hash).offset + 4)
                                            : 0;
    if (count > kSymbolsMax) throw Refused{"it has too many symbols"};
    if (count == 0) return;
    const Place table = find_place(symbols);
    if (count > table.size / sizeof(Elf64_Sym)) throw Refused{"its symbol table is damaged"};
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto symbol = read<Elf64_Sym>(table.offset + i * sizeof(Elf64_Sym));
      const auto binding = ELF64_ST_BIND(symbol.st_info);
      if (symbol.st_shndx == SHN_UNDEF || binding == STB_LOCAL) continue;
      const auto visibility = ELF64_ST_VISIBILITY(symbol.st_other);
      if (visibility == STV_HIDDEN || visibility == STV_INTERNAL) continue;
      file_.exported.push_back(name_at(symbol.st_name));
      if (binding == STB_GNU_UNIQUE) file_.unique.push_back(file_.exported.back());
    }
  }

  // The symbol table has no length of its own: the last chain of the hash table ends it.
  std::uint64_t count_by_gnu_hash(Place table) const {
    const auto word = [&](std::uint64_t i) {
      if (i >= table.size / 4) throw Refused{"its hash table is damaged"};
      return read<std::uint32_t>(table.offset + i * 4);
    };
    const std::uint64_t buckets = word(0), first_symbol = word(1), bloom_words = word(2);
    const std::uint64_t bucket_at = 4 + bloom_words * 2;
    if (buckets > kSymbolsMax) throw Refused{"its hash table is damaged"};
    std::uint64_t last = 0;
    for (std::uint64_t i = 0; i < buckets; ++i) {
      last = std::max<std::uint64_t>(last, word(bucket_at + i));
    }
    if (last < first_symbol) return 0;  // it exports nothing
    const std::uint64_t chain_at = bucket_at + buckets;
    while ((word(chain_at + (last - first_symbol)) & 1u) == 0) ++last;
    return last + 1;
  }

  std::string_view bytes_;
  std::vector<Elf64_Phdr> segments_;
  ElfFile file_;
};

}  // namespace

Result<ElfFile> parse_elf(std::string_view bytes) {
  try {
    return Parser(bytes).parse();
  } catch (const Refused& refused) {
    return Error{SLUICE_E_CONFIG, refused.what, {}, {}};
  }
}

}  // namespace sluice::loader
