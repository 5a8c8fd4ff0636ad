#include "daemon/packer_loop.h"

#include <utility>

namespace rastro {

void PackerLoop::run() {
  for (;;) {
    auto numbered = in_.pop();
    if (!numbered) return;
    for (auto& block : numbered->batch.raw_blocks) pack(block);
    if (!out_.push(std::move(*numbered))) return;
  }
}

}  // namespace rastro
