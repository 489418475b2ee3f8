@echo off
rem Installs what is needed and starts the gateway, as run.sh does on other systems.
setlocal
cd /d "%~dp0"
if not exist node_modules\.installed-run (
  call npm ci --omit=dev --no-fund --no-audit --loglevel=error || exit /b 1
  copy /y package-lock.json node_modules\.installed-run >nul
)
set LLM_PROXY_COMMAND=run.cmd
if not defined BUN_CONFIG_MAX_HTTP_REQUESTS set BUN_CONFIG_MAX_HTTP_REQUESTS=65336
node_modules\.bin\bun src\main.ts %*
