#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "core/result.h"
#include "store/sqlite.h"

namespace rastro {

// "rast": marks a file as ours, whatever its name (PRAGMA application_id).
inline constexpr std::int64_t kApplicationId = 0x72617374;
// The stored format, docs/store.md. A file with a newer one is refused, never rewritten.
inline constexpr std::int64_t kUserVersion = 7;

// Makes an empty database one of ours, within the caller's transaction.
void create_schema(Database& database);

// What a file is, judged by its first bytes, before SQLite may touch it (or a journal beside it).
enum class FileKind : std::uint8_t { ours, newer, foreign, no_database };
Result<FileKind> identify(const std::filesystem::path& path);

// Tables that only readers profit from came without a new version: older files have none.
bool has_table(Database& database, std::string_view name);

// Brings a file of an older version up to kUserVersion, one transaction per step.
Result<void> migrate(Database& database);

}  // namespace rastro
