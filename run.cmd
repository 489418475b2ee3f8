@echo off
rem Installs what is needed and starts the gateway, as run.sh does on other systems.
setlocal
cd /d "%~dp0"
call scripts\install.cmd run
if errorlevel 1 exit /b 1
start "" /b cmd /c "scripts\prepare-console.cmd"
set LLM_PROXY_COMMAND=run.cmd
if not defined BUN_CONFIG_MAX_HTTP_REQUESTS set BUN_CONFIG_MAX_HTTP_REQUESTS=65336
node_modules\.bin\bun src\main.ts %*
