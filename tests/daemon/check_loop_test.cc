#include "daemon/check_loop.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "store/shard.h"
#include "store/writer.h"

namespace rastro {
namespace {

class CheckLoopTest : public testing::Test {
 protected:
  std::shared_ptr<FileView> file(const std::string& name, bool checked) {
    auto view = std::make_shared<FileView>();
    view->path = std::filesystem::path(directory_.path) / name;
    view->damaged = std::make_shared<std::atomic<bool>>(false);
    view->checked = checked;
    FileState state;
    EXPECT_TRUE(create_shard(view->path, state, nullptr).has_value());
    return view;
  }
  static void damage(const FileView& view) {
    std::fstream out(view.path, std::ios::in | std::ios::out | std::ios::binary);
    out.seekp(4096);
    out << std::string(4096, '\x5a');
  }
  static std::shared_ptr<const StoreSnapshot> snapshot_of(
      std::vector<std::shared_ptr<const FileView>> files) {
    return std::make_shared<const StoreSnapshot>(StoreSnapshot{
        KeyHasher({1, 2}), std::move(files), {}, std::make_shared<MergedAddresses>(), Time::min()});
  }
  // Removed with all that is in it.
  struct Directory {
    std::string path = testing::TempDir() + "rastro_check_XXXXXX";
    Directory() { EXPECT_NE(::mkdtemp(path.data()), nullptr); }
    ~Directory() { std::filesystem::remove_all(path); }
  } directory_;
};

TEST_F(CheckLoopTest, TellsWhichOfTheUncheckedFilesAreDamaged) {
  const auto whole = file("20260301T10.db", false);
  const auto damaged = file("20260301T11.db", false);
  const auto gone = file("20260301T12.db", false);
  damage(*damaged);
  std::filesystem::remove(gone->path);
  const auto snapshot = snapshot_of({whole, damaged, gone});
  EXPECT_TRUE(CheckLoop::is_needed(*snapshot));
  CheckLoop(snapshot).run();
  EXPECT_FALSE(whole->damaged->load());
  EXPECT_TRUE(damaged->damaged->load());
  EXPECT_FALSE(gone->damaged->load());
}

TEST_F(CheckLoopTest, WhatTheStartHasCheckedIsLeftAlone) {
  const auto damaged = file("20260301T11.db", true);
  damage(*damaged);
  const auto snapshot = snapshot_of({damaged});
  EXPECT_FALSE(CheckLoop::is_needed(*snapshot));
  CheckLoop(snapshot).run();
  EXPECT_FALSE(damaged->damaged->load());
}

TEST_F(CheckLoopTest, StopsWhenTold) {
  const auto damaged = file("20260301T11.db", false);
  damage(*damaged);
  CheckLoop loop(snapshot_of({damaged}));
  loop.stop();
  loop.run();
  EXPECT_FALSE(damaged->damaged->load());
}

}  // namespace
}  // namespace rastro
