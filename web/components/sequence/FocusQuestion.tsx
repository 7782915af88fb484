import { Button } from "../ui/Button";
import type { FocusChoice } from "../useJobAction";

interface Props {
  reason: string | null;
  disabled: boolean;
  onChoose: (focus: FocusChoice) => void;
}

/** Nobody knows where the lens stands: a person says how the stack goes on. */
export function FocusQuestion({ reason, disabled, onChoose }: Props) {
  return (
    <>
      <Button
        icon="play"
        reason={reason}
        disabled={disabled}
        title="The lens stands where the next frame wants it"
        onClick={() => onChoose("here")}
      >
        Go on from here
      </Button>
      <Button
        icon="retry"
        reason={reason}
        disabled={disabled}
        title="All frames are taken again, from where the lens stands now"
        onClick={() => onChoose("again")}
      >
        Begin the stack again
      </Button>
    </>
  );
}
