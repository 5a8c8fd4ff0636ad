#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "store/snapshot.h"

namespace rastro {

// A file that cannot be read is set aside under NAME.bad, never overwritten; NAME.bad.why keeps the
// reason, so that it is told after a restart too.
FileTrouble quarantine_shard(const std::filesystem::path& path, const std::string& why);

// What was set aside in `directory` and is still there.
std::vector<FileTrouble> list_quarantined(const std::filesystem::path& directory);

// Its lines are read again from the logs, on from where the file before it ends.
void note_reading_again(const std::filesystem::path& bad);
// They were, of all such files: list_quarantined() names those no more. How many.
std::size_t note_read_again(const std::filesystem::path& directory);

// Set-aside files hold addresses too: removes those whose hour ended before `ended_before`.
void expire_quarantined(const std::filesystem::path& directory, Time ended_before);

}  // namespace rastro
