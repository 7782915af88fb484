"use client";

import { called } from "@/lib/objects";
import { useOffline, useRig, useStore } from "../RigProvider";
import { Button } from "../ui/Button";

/** After a set: its object is done, the next one comes; nothing where no queue is worked through. */
export function NextObject({ onNext }: { onNext: () => void }) {
  const store = useStore();
  const standing = useRig((rig) => rig.objects);
  const offline = useOffline();
  if (!standing?.current) return null;
  const { current, following } = standing;
  const next = () =>
    store.service
      .request("NEXT_OBJECT", { catalogue_number: current.catalogue_number })
      .then(onNext)
      .catch((error) => store.complain(error));
  return (
    <Button
      tone="main"
      icon="check"
      reason={offline}
      title={`${called(current)} is done; next: ${following ? called(following) : "nothing"}`}
      onClick={next}
    >
      Next object
    </Button>
  );
}
