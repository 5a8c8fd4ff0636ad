#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include "daemon/source/content.h"
#include "daemon/source/descriptor.h"

namespace rastro {

enum class ArchiveFormat { gzip, bzip2, xz, zstd };

constexpr std::size_t kArchiveMagicBytes = 6;

// By the first bytes of a file; nullopt: not packed.
std::optional<ArchiveFormat> archive_format(std::string_view first_bytes);

// The uncompressed content of an archive; members that were appended to one another count as one.
// Reading on is cheap, reading back within the last kWindowBytes too; anything else starts over.
// Memory: the window and what the format's decoder wants (xz: at most 100 MB; zstd: 128 MB).
std::unique_ptr<Content> open_archive(Descriptor file, ArchiveFormat format);

}  // namespace rastro
