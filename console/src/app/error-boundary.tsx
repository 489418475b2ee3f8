import { Bug, RotateCw } from 'lucide-react';
import { Component, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
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
  // After an upgrade, scripts of the former version are gone.
  const isOutdated = /dynamically imported module|module script/i.test(error.message);
  const title = isOutdated ? t('The gateway was upgraded') : t('Something went wrong on this page');
  return (
    <Empty icon={Bug} title={title} text={isOutdated ? t('Reload the page.') : error.message}>
      <Button look="primary" icon={RotateCw} onClick={() => location.reload()}>
        {t('Reload')}
      </Button>
      {!isOutdated && <Copy text={`${error.message}\n${error.stack ?? ''}`} label={t('Copy the details')} />}
    </Empty>
  );
}
