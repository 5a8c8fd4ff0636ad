#include "store/merged_addresses.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/varint.h"
#include "store/address_blocks.h"

namespace rastro {
namespace {

bool contains(const std::vector<std::uint64_t>& files, std::uint64_t file) {
  return std::ranges::find(files, file) != files.end();
}

// One address after the other of a list in memory.
class PackedAddresses {
 public:
  explicit PackedAddresses(std::string_view list) : rest_(list) { next(); }
  bool ended() const { return ended_; }
  const std::string& address() const { return address_; }
  void next() {
    const auto shared = take_varint(rest_);
    const auto added = take_varint(rest_);
    ended_ = !shared || !added || *shared > address_.size() || *added > rest_.size();
    if (ended_) return;
    address_.resize(*shared);
    address_.append(rest_.substr(0, *added));
    rest_.remove_prefix(*added);
  }

 private:
  std::string_view rest_;
  std::string address_;
  bool ended_ = false;
};

class Merging {
 public:
  explicit Merging(std::string_view known) : known_(known) { out_.reserve(known.size()); }
  void take(std::string_view address) {
    while (!known_.ended() && known_.address() < address) put_known();
    if (!known_.ended() && known_.address() == address) known_.next();
    put(address);
  }
  std::string finish() {
    while (!known_.ended()) put_known();
    out_.shrink_to_fit();
    return std::move(out_);
  }

 private:
  void put_known() {
    put(known_.address());
    known_.next();
  }
  void put(std::string_view address) {
    append_packed_address(out_, previous_, address);
    previous_ = address;
  }

  PackedAddresses known_;
  std::string previous_;
  std::string out_;
};

}  // namespace

bool MergedAddresses::List::holds(std::uint64_t file) const { return contains(files, file); }

std::shared_ptr<const MergedAddresses::List> MergedAddresses::list() const {
  const std::lock_guard lock(mutex_);
  return shown_;
}

std::optional<std::uint64_t> MergedAddresses::next_of(const std::vector<std::uint64_t>& finished) {
  const std::lock_guard lock(mutex_);
  const auto gone = [&](std::uint64_t file) { return !contains(finished, file); };
  if (std::ranges::any_of(made_->files, gone)) {
    made_ = std::make_shared<const List>();
    anew_ = true;
  }
  for (const auto file : finished) {
    if (!made_->holds(file) && !contains(made_->left_out, file)) return file;
  }
  if (anew_ || shown_ == nullptr) shown_ = made_;
  anew_ = false;
  return std::nullopt;
}

void MergedAddresses::add(std::uint64_t file, Database& database) {
  std::unique_lock lock(mutex_);
  const auto before = made_;
  lock.unlock();
  Merging merging(before->addresses);
  bool all = has_address_blocks(database) &&
             for_each_packed_address(database, [&](std::string_view address, std::size_t) {
               merging.take(address);
               return kSeeAll;
             });
  auto after = std::make_shared<List>();
  if (all) after->addresses = merging.finish();
  all = all && after->addresses.size() <= bytes_max_ && database.ok();
  if (!all) after->addresses = before->addresses;
  after->files = before->files;
  after->left_out = before->left_out;
  (all ? after->files : after->left_out).push_back(file);
  lock.lock();
  if (made_ != before) return;  // another reader was faster
  made_ = std::move(after);
  if (!anew_) shown_ = made_;
}

}  // namespace rastro
