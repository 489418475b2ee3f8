import { Bug, RotateCw, Unplug } from 'lucide-react';
import { Component, type ReactNode, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useLive } from '../api/live.ts';
import { Button } from '../ui/button.tsx';
import { Copy } from '../ui/copy.tsx';
import { Empty } from '../ui/states.tsx';

interface Props {
  readonly children: ReactNode;
  /** Another value gives the content another chance. */
  readonly resetKey?: string;
}

interface State {
  readonly error: Error | undefined;
  readonly resetKey: string | undefined;
}

/** Shows what went wrong instead of an empty page. */
export class ErrorBoundary extends Component<Props, State> {
  override state: State = { error: undefined, resetKey: this.props.resetKey };

  static getDerivedStateFromError(error: Error): Partial<State> {
    return { error };
  }

  static getDerivedStateFromProps({ resetKey }: Props, state: State): Partial<State> | null {
    return resetKey === state.resetKey ? null : { error: undefined, resetKey };
  }

  override render(): ReactNode {
    return this.state.error ? <Broken error={this.state.error} /> : this.props.children;
  }
}

function Broken({ error }: { error: Error }): ReactNode {
  const { t } = useTranslation();
  if (/dynamically imported module|module script/i.test(error.message)) return <Unloaded />;
  return (
    <Empty isPage icon={Bug} title={t('Something went wrong on this page')} text={error.message}>
      <Reload />
      <Copy text={`${error.message}\n${error.stack ?? ''}`} label={t('Copy the details')} />
    </Empty>
  );
}

/** A page whose script could not be loaded: the gateway is away, or an upgrade has replaced the script. */
function Unloaded(): ReactNode {
  const { t } = useTranslation();
  const state = useLive((live) => live.state);
  const wasAway = useRef(state === 'reconnecting');
  useEffect(() => {
    if (state === 'reconnecting') wasAway.current = true;
    else if (state === 'live' && wasAway.current) location.reload();
  }, [state]);
  return wasAway.current ? (
    <Empty
      isPage
      icon={Unplug}
      title={t('The gateway cannot be reached')}
      text={t('This page opens as soon as it answers.')}
    />
  ) : (
    <Empty isPage icon={RotateCw} title={t('The gateway was upgraded')} text={t('Reload the page.')}>
      <Reload />
    </Empty>
  );
}

function Reload(): ReactNode {
  const { t } = useTranslation();
  return (
    <Button look="primary" icon={RotateCw} onClick={() => location.reload()}>
      {t('Reload')}
    </Button>
  );
}
